package io.headrace.standalone.chaos;

import io.headrace.testkit.history.TransferLeg;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import java.nio.charset.StandardCharsets;

/**
 * One side of a transfer as the value of a record: {@code attempt;order;side;amount}. Its key is
 * the account.
 */
record Transfer(String attempt, long order, int side, long amount) {
    private static final int FIELDS = 4;

    byte[] toBytes() {
        return (attempt + ";" + order + ";" + side + ";" + amount).getBytes(StandardCharsets.UTF_8);
    }

    /** What a reader was given. */
    static TransferLeg legOf(String reader, ConsumerRecord<byte[], byte[]> record) {
        String[] fields = new String(record.value(), StandardCharsets.UTF_8).split(";", -1);
        if (fields.length != FIELDS) {
            throw new IllegalStateException(
                    "No transfer at "
                            + record.topic()
                            + "-"
                            + record.partition()
                            + " offset "
                            + record.offset());
        }
        return new TransferLeg(
                reader,
                record.partition(),
                record.offset(),
                fields[0],
                Long.parseLong(fields[1]),
                Integer.parseInt(fields[2]),
                Long.parseLong(fields[3]));
    }
}
