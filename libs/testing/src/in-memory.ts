import type { Adapter, AdapterPayload } from 'oidc-provider';

/** What a provider under test keeps, for as long as it runs. */
export function inMemory(): (model: string) => Adapter {
  const kept = new Map<string, AdapterPayload>();
  return model => {
    const keyOf = (id: string) => `${model} ${id}`;
    const where = (holds: (payload: AdapterPayload) => boolean) => [...kept.values()].find(holds);
    return {
      upsert: async (id, payload) => void kept.set(keyOf(id), payload),
      find: async id => kept.get(keyOf(id)),
      findByUid: async uid => where(payload => payload.uid === uid && payload.kind === model),
      findByUserCode: async userCode => where(payload => payload.userCode === userCode),
      consume: async id => void Object.assign(kept.get(keyOf(id))!, { consumed: true }),
      destroy: async id => void kept.delete(keyOf(id)),
      async revokeByGrantId(grantId) {
        for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
      },
    };
  };
}
