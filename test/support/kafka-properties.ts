/** One node as broker and controller, as small and as quick as Kafka gets. */
export function brokerProperties(at: {
  host: string;
  port: number;
  controllerPort: number;
}): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${at.controllerPort}`,
    listeners: `PLAINTEXT://${at.host}:${at.port},CONTROLLER://127.0.0.1:${at.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${at.port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '500',
    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    'log.cleaner.dedupe.buffer.size': '2097152',
    // A killed broker is let in again only when the session of its former self has expired.
    'broker.session.timeout.ms': '1000',
    'broker.heartbeat.interval.ms': '200',
    'controller.quorum.election.timeout.ms': '200',
    'controller.quorum.election.backoff.max.ms': '100',
    'controlled.shutdown.enable': 'false',
  };
}
