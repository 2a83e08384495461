export { BrokerConnection, type BrokerConnectionOptions, type BrokerStats } from './connection.ts';
export { PublishError, type PublishFailure } from './failure.ts';
export type { ConnectionLimits, Message, MessageHandler, MessageProperties, PublishOptions } from './message.ts';
export { publishPacketSize } from './message.ts';
export type { StatusMessages } from './options.ts';
export {
  anyDeviceFilter,
  type DeviceTopic,
  deviceTopic,
  parseDeviceTopic,
  TOPIC_LEAVES,
  type TopicLeaf,
} from './topics.ts';
