import { describe, expect, it } from 'vitest';
import { nameKeys } from './name-keys.ts';

/** Whether the unique columns would take both. */
const alike = (first: string, second: string) => {
  const [one, other] = [nameKeys(first), nameKeys(second)];
  return one.name_key === other.name_key || one.name_skeleton === other.name_skeleton;
};

describe('two names are one', () => {
  it.each([
    ['case and spacing', 'ACME  Corporation', 'acme corporation'],
    ['composition', 'Cafe\u0301', 'Café'],
    ['width', 'Ａｃｍｅ', 'acme'],
    ['full case folding', 'STRASSE', 'Straße'],
    ['the final sigma', 'ΟΔΟΣ', 'οδοσ'],
    ['an invisible character', 'Ac\u200bme', 'Acme'],
    ['a Cyrillic letter', 'Аcme', 'Acme'],
    ['a Cyrillic letter, in another case', 'аcme', 'ACME'],
    ['a capital that only looks alike as a capital', 'Вank', 'bank'],
    ['capital I and small l', 'PaypaI', 'Paypal'],
    ['the digits 0 and 1', 'G00g1e', 'Google'],
    ['mathematical letters', '𝐀𝐜𝐦𝐞', 'Acme'],
    ['two letters that look like one', 'Modem', 'Modern'],
    ['quotation marks', 'Ada’s organization', "Ada's organization"],
    ['case in another script', 'ВОЛГА', 'волга'],
    ['a Latin letter in another script', 'вoлга', 'ВОЛГА'],
  ])('that differ by %s', (_, first, second) => {
    expect(alike(first, second)).toBe(true);
  });

  it.each([
    ['Mail', 'Mall'],
    ['Acme', 'Acne'],
    ['Team 1', 'Team 2'],
    ['Café', 'Cafe'],
    ['東京', '京都'],
    ['Волга', 'Волна'],
  ])('but %s and %s are two', (first, second) => {
    expect(alike(first, second)).toBe(false);
  });
});
