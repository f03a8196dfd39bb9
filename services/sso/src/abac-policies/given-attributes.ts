import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

const text = z.string().max(200);
const texts = z.array(text).max(200);

/** Attributes of a request that could come, or came; what is left out is not known of it. */
export const GivenAttributes = z
  .strictObject({
    'user.id': Id.optional(),
    'user.is_admin': z.boolean().optional(),
    'user.impersonated': z.boolean().optional(),
    'user.permissions': texts.optional(),
    'user.roles': z.array(Id).max(200).optional(),
    'session.amr': texts.optional(),
    'session.age': z.number().nonnegative().optional(),
    'session.second_factor_omitted': z.boolean().optional(),
    'device.trusted': z.boolean().optional(),
    'token.kind': text.optional(),
    'token.client_id': text.optional(),
    'request.ip': z.union([z.ipv4(), z.ipv6()]).optional(),
    'request.time': Timestamp.optional().meta({ description: 'Now, where it is left out' }),
    'request.method': text.optional(),
    'workspace.id': Id.optional(),
    'resource.operation': text.optional(),
    'resource.permission': text.optional(),
  })
  .meta({ examples: [{ 'request.ip': '203.0.113.9', 'resource.permission': 'policy.write' }] });
