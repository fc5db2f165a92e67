/** In: a schema's id. Out: what goes before a value in Confluent's wire format: a zero, and the id in four bytes. */
export function wirePrefix(schemaId: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(schemaId, 1);
  return prefix;
}
