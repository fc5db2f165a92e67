/**
 * kafkajs as it is published: tests look at Kafka with other eyes than the code under test, which mends
 * the modules of kafkajs in place. In a test run both may be in one process, so this is a copy.
 */
import { createRequire } from 'node:module';
import type * as KafkaJs from 'kafkajs';

const require = createRequire(import.meta.url);
const kafkajs = require(process.env['KAFKAJS_COPY'] ?? 'kafkajs') as typeof KafkaJs;

export const { CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs;
