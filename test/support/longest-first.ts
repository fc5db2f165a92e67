/** The order of test files: those that take longest begin, so that no worker is left alone with one in the end. */
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

const LONGEST = [
  'integration/restart',
  'docs/readme',
  'simulation/simulation',
  'sources/kafka/kafka-outage',
  'faults/faults',
  'integration/tls-and-sasl',
  'integration/broker-away',
  'serve/dashboard',
  'cli/check',
  'cli/ingest-interrupted',
  'integration/log-changes',
  'warehouse/growth',
  'cli/forget',
  'cli/demo',
  'integration/streams',
  'integration/ghost',
  'checks/checks',
  'sources/kafka/kafka-consumer',
  'parity/customers',
  'integration/observability',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
