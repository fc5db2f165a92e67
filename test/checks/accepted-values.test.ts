import { expect, test } from 'vitest';
import { ACCEPTED_VALUES } from '../../src/checks/accepted-values.ts';
import { CATEGORIES } from '../docs/categories.ts';

test('the values that are accepted of a category are those that the data dictionary explains', () => {
  for (const { table, column, values } of CATEGORIES) {
    const accepted = ACCEPTED_VALUES[table]?.[column];
    const named = Array.isArray(accepted) ? accepted : [];
    expect({ table, column, values: new Set(named) }).toEqual({
      table,
      column,
      values: new Set(values.map(([value]) => value)),
    });
  }
});
