// KafkaJS against a running platform: node kafkajs.mjs HOST:PORT,... Exits 0 when everything held.
import assert from 'node:assert/strict';
import kafkajs from 'kafkajs';

const { Kafka, CompressionTypes, logLevel } = kafkajs;
const kafka = new Kafka({
  clientId: 'kafkajs-test',
  brokers: process.argv[2].split(','),
  logLevel: logLevel.WARN,
});
const topic = 'from-kafkajs';
const admin = kafka.admin();
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
const consumer = kafka.consumer({ groupId: 'kafkajs-group', sessionTimeout: 10000 });

await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] });
await producer.connect();
for (let start = 0; start < 1000; start += 100) {
  const messages = Array.from({ length: 100 }, (_, i) => ({
    key: `k${(start + i) % 10}`,
    value: `${start + i}`,
    headers: { source: 'kafkajs' },
  }));
  const compression = start % 200 === 0 ? CompressionTypes.GZIP : CompressionTypes.None;
  await producer.send({ topic, messages, compression, acks: -1 });
}

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
const lastByKey = new Map();
const seen = new Set();
await new Promise((resolve, reject) => {
  const limit = setTimeout(() => reject(new Error(`only ${seen.size} of 1000 came`)), 30000);
  consumer
    .run({
      eachMessage: async ({ message }) => {
        const value = Number(message.value.toString());
        const key = message.key.toString();
        assert.ok(!seen.has(value), `${value} came twice`);
        assert.ok((lastByKey.get(key) ?? -1) < value, `${value} came out of order`);
        assert.equal(message.headers.source.toString(), 'kafkajs');
        seen.add(value);
        lastByKey.set(key, value);
        if (seen.size === 1000) {
          clearTimeout(limit);
          resolve();
        }
      },
    })
    .catch(reject);
});
await consumer.disconnect();

const offsets = await admin.fetchTopicOffsets(topic);
assert.equal(offsets.reduce((sum, p) => sum + Number(p.high), 0), 1000);
const committed = await admin.fetchOffsets({ groupId: 'kafkajs-group', topics: [topic] });
assert.equal(committed[0].partitions.reduce((sum, p) => sum + Number(p.offset), 0), 1000);
await admin.deleteGroups(['kafkajs-group']);
await admin.deleteTopics({ topics: [topic] });
await producer.disconnect();
await admin.disconnect();
console.log('all 1000 records came back once, in order');
