package io.headrace.coordinator.metrics;

import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import java.util.function.ToDoubleFunction;

/**
 * The metrics of Kafka's {@code kafka.controller:type=KafkaController}, by their meaning. Counts
 * over all partitions are made once per image.
 */
public final class ControllerMetrics implements MeterBinder {
    private final Controller controller;
    private volatile Counts counts = Counts.of(MetadataImage.EMPTY);

    /** What is counted in one image. */
    private record Counts(
            MetadataImage image,
            int partitions,
            int offlinePartitions,
            int preferredImbalance,
            int activeNodes,
            int fencedNodes) {

        static Counts of(MetadataImage image) {
            int partitions = 0;
            int offline = 0;
            int imbalance = 0;
            for (TopicImage topic : image.topicsById().values()) {
                for (PartitionImage partition : topic.partitions().values()) {
                    partitions++;
                    if (!image.isActive(partition.leaderId(), partition.leaderNodeEpoch())) {
                        offline++;
                    }
                    if (partition.leaderId() != partition.assignedReplicas().getFirst()) {
                        imbalance++;
                    }
                }
            }
            int fenced = 0;
            for (NodeImage node : image.nodes().values()) {
                fenced += node.fenced() ? 1 : 0;
            }
            return new Counts(
                    image, partitions, offline, imbalance, image.nodes().size() - fenced, fenced);
        }
    }

    public ControllerMetrics(Controller controller) {
        this.controller = controller;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        gauge(registry, "active.controller.count", c -> controller.isActive() ? 1 : 0);
        gauge(registry, "global.topic.count", c -> c.image().topicsById().size());
        gauge(registry, "global.partition.count", Counts::partitions);
        gauge(registry, "offline.partitions.count", Counts::offlinePartitions);
        gauge(registry, "preferred.replica.imbalance.count", Counts::preferredImbalance);
        gauge(registry, "active.broker.count", Counts::activeNodes);
        gauge(registry, "fenced.broker.count", Counts::fencedNodes);
        gauge(registry, "last.committed.record.offset", c -> c.image().nextOffset() - 1);
        FunctionCounter.builder(
                        "kafka.controller.unclean.leader.elections",
                        controller,
                        Controller::uncleanElections)
                .register(registry);
        gauge(registry, "controller.epoch", c -> c.image().controllerEpoch());
    }

    private void gauge(MeterRegistry registry, String name, ToDoubleFunction<Counts> value) {
        Gauge.builder("kafka.controller." + name, () -> value.applyAsDouble(current()))
                .register(registry);
    }

    private Counts current() {
        MetadataImage image = controller.metadataLog().image();
        Counts known = counts;
        boolean sameImage =
                known.image().nextOffset() == image.nextOffset()
                        && known.image().controllerEpoch() == image.controllerEpoch();
        if (!sameImage) {
            known = Counts.of(image);
            counts = known;
        }
        return known;
    }
}
