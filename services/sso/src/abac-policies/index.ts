import { abacPolicies } from '../../migrations/0007_abac_policies.ts';
import { createPolicy } from './create-policy.ts';
import { deletePolicy } from './delete-policy.ts';
import { dryRunPolicy } from './dry-run/dry-run-policy.ts';
import { explainDecision } from './explain-decision.ts';
import { getAttributePolicies } from './get-attribute-policies.ts';
import { getReport } from './get-report.ts';
import { listPolicies } from './list-policies.ts';
import { updatePolicy } from './update-policy.ts';

export const tag = 'SSO';
export const endpoints = [
  listPolicies,
  createPolicy,
  updatePolicy,
  deletePolicy,
  explainDecision,
  dryRunPolicy,
  getReport,
  getAttributePolicies,
];
export const migrations = [abacPolicies];
