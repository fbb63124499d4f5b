package io.headrace.standalone.clients;

import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A member of a share group in a process of its own: takes records, says how many, and neither
 * acknowledges nor ends.
 */
final class HoldingShareMember {
    private HoldingShareMember() {}

    /** Arguments: address, topic, group. */
    public static void main(String[] arguments) {
        try (KafkaShareConsumer<String, String> member =
                new KafkaShareConsumer<>(
                        Map.of(
                                "bootstrap.servers",
                                arguments[0],
                                "group.id",
                                arguments[2],
                                "share.acknowledgement.mode",
                                "explicit"),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            member.subscribe(List.of(arguments[1]));
            ConsumerRecords<String, String> records = ConsumerRecords.empty();
            while (records.isEmpty()) {
                records = member.poll(Duration.ofMillis(200));
            }
            System.out.println("holds " + records.count());
            Thread.currentThread().join(); // until it is killed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
