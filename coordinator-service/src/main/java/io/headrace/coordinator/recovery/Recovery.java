package io.headrace.coordinator.recovery;

import io.headrace.coordinator.recovery.NodeReport.ReportedLog;
import io.headrace.coordinator.recovery.RecoveryPlan.Finding;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Plans how a database that was restored from an older state gets back what it lost.
 *
 * <p>A node whose last applied record is not in the database's history has applied what was lost.
 * The newest such image is the truth: it is taken whole, its epochs raised above all that any node
 * or the database shows. Refused is what cannot be decided without a person: nodes that give no
 * report, two lost histories, and partitions that were led in both histories since they parted.
 */
public final class Recovery {
    private final MetadataImage database;
    private final RecoveryChoice choice;
    private final List<Finding> findings = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();

    private Recovery(MetadataImage database, RecoveryChoice choice) {
        this.database = database;
        this.choice = choice;
    }

    /**
     * Makes the plan.
     *
     * @param reports what every node said that could be asked
     * @param inHistory whether the last record that a report's image has applied is in the
     *     database's log
     * @param takeOverId a new random id
     */
    public static RecoveryPlan plan(
            MetadataImage database,
            List<NodeReport> reports,
            Predicate<MetadataImage> inHistory,
            RecoveryChoice choice,
            Uuid takeOverId) {
        Recovery recovery = new Recovery(database, choice);
        reports.stream()
                .sorted(Comparator.comparingInt(NodeReport::nodeId))
                .forEach(
                        report ->
                                recovery.findings.add(
                                        new Finding(report, !inHistory.test(report.image()))));
        return recovery.plan(takeOverId);
    }

    private RecoveryPlan plan(Uuid takeOverId) {
        refuseStrangers();
        NodeReport source = source();
        if (source == null) {
            return result(null, database, List.of());
        }
        refuseMissing(source.image());
        refuseConflicts(source.image());
        Set<Integer> strayed = strayed();
        refuseMissingLogs(source.image(), strayed);
        List<TopicImage> kept = new ArrayList<>();
        List<TopicImage> dropped = new ArrayList<>();
        Set<Uuid> written = writtenTopics();
        for (TopicImage topic : database.topicsById().values()) {
            if (source.image().topic(topic.topicId()) == null) {
                boolean nameIsFree = source.image().topic(topic.name()) == null;
                if (written.contains(topic.topicId()) && !nameIsFree) {
                    refusals.add(
                            "Topic "
                                    + topic.name()
                                    + " was made again since the loss, and both have records:"
                                    + " consume what is needed from the new one and delete it");
                }
                (written.contains(topic.topicId()) && nameIsFree ? kept : dropped).add(topic);
            }
        }
        List<MetadataImage> shown = new ArrayList<>();
        List<ReportedLog> logs = new ArrayList<>();
        shown.add(database);
        for (Finding finding : findings) {
            shown.add(finding.report().image());
            logs.addAll(finding.report().logs());
        }
        MetadataImage recovered =
                new RecoveredImage(source.image(), database, kept, shown, logs, strayed)
                        .make(takeOverId);
        RecoveryPlan plan = result(source, recovered, names(dropped));
        return new RecoveryPlan(
                database,
                source,
                recovered,
                plan.findings(),
                restored(source.image()),
                names(kept),
                plan.droppedTopics(),
                plan.refusals());
    }

    private RecoveryPlan result(
            @Nullable NodeReport source, MetadataImage recovered, List<String> dropped) {
        return new RecoveryPlan(
                database,
                source,
                recovered,
                List.copyOf(findings),
                List.of(),
                List.of(),
                dropped,
                List.copyOf(refusals));
    }

    private static List<String> names(List<TopicImage> topics) {
        return topics.stream().map(TopicImage::name).sorted().toList();
    }

    private List<String> restored(MetadataImage source) {
        List<TopicImage> topics = new ArrayList<>();
        for (TopicImage topic : source.topicsById().values()) {
            if (database.topic(topic.topicId()) == null) {
                topics.add(topic);
            }
        }
        return names(topics);
    }

    private void refuseStrangers() {
        for (Finding finding : findings) {
            String clusterId = finding.report().image().clusterId();
            if (!clusterId.equals(database.clusterId())) {
                refusals.add(
                        "Node "
                                + finding.report().nodeId()
                                + " belongs to cluster "
                                + clusterId
                                + ", this database to "
                                + database.clusterId()
                                + ": leave its address out");
            }
        }
    }

    /** Whose image is taken; null when nothing is lost, or a person must choose. */
    private @Nullable NodeReport source() {
        List<NodeReport> lost =
                findings.stream().filter(Finding::lost).map(Finding::report).toList();
        if (choice.sourceId() != RecoveryChoice.NEWEST) {
            for (NodeReport report : lost) {
                if (report.nodeId() == choice.sourceId()) {
                    return report;
                }
            }
            refusals.add(
                    "Node "
                            + choice.sourceId()
                            + " has nothing that the database lacks, or gave no report: choose"
                            + " another one");
            return null;
        }
        NodeReport newest = null;
        for (NodeReport report : lost) {
            if (newest == null || isNewer(report.image(), newest.image())) {
                newest = report;
            }
        }
        for (NodeReport report : lost) {
            MetadataImage own = report.image();
            MetadataImage best = Objects.requireNonNull(newest).image();
            if (own.controllerEpoch() == best.controllerEpoch()
                    && !own.takeOverId().equals(best.takeOverId())) {
                refusals.add(
                        "Nodes "
                                + newest.nodeId()
                                + " and "
                                + report.nodeId()
                                + " have applied different histories of the same controller epoch:"
                                + " choose whose is taken with --from");
            }
        }
        return newest;
    }

    private static boolean isNewer(MetadataImage a, MetadataImage b) {
        return a.controllerEpoch() != b.controllerEpoch()
                ? a.controllerEpoch() > b.controllerEpoch()
                : a.nextOffset() > b.nextOffset();
    }

    /** Whoever is not heard may have applied more, or written more. */
    private void refuseMissing(MetadataImage truth) {
        Set<Integer> reported = new HashSet<>();
        findings.forEach(finding -> reported.add(finding.report().nodeId()));
        Set<Integer> missing = new TreeSet<>();
        for (MetadataImage image : List.of(truth, database)) {
            for (NodeImage node : image.nodes().values()) {
                if (!node.fenced() && !reported.contains(node.nodeId())) {
                    missing.add(node.nodeId());
                }
            }
        }
        for (int nodeId : missing) {
            if (!choice.without().contains(nodeId)) {
                refusals.add(
                        "Node "
                                + nodeId
                                + " gave no report: start it or name its address; if it is gone"
                                + " for good, say --without "
                                + nodeId
                                + ", and let it come back with empty data directories only");
            }
        }
        for (int nodeId : choice.without()) {
            if (reported.contains(nodeId)) {
                refusals.add("Node " + nodeId + " is there: it cannot be left out");
            }
        }
    }

    /**
     * A partition that was led in the database's history by a node that follows it, other than in
     * the lost one: both leaders may have written, in equal epochs even.
     */
    private void refuseConflicts(MetadataImage truth) {
        for (Finding finding : findings) {
            NodeReport report = finding.report();
            if (finding.lost() || report.nodeEpoch() < 0) {
                continue;
            }
            List<String> led = new ArrayList<>();
            for (ReportedLog log : report.logs()) {
                if (ledElsewhere(report, log, truth)) {
                    led.add(log.topic() + "-" + log.partition());
                }
            }
            if (!led.isEmpty()) {
                refusals.add(
                        "Node "
                                + report.nodeId()
                                + " has led "
                                + String.join(", ", led.subList(0, Math.min(5, led.size())))
                                + (led.size() > 5 ? " and " + (led.size() - 5) + " more" : "")
                                + " since the loss, apart from the others: stop it, set its data"
                                + " directories aside, and run this again with --without "
                                + report.nodeId());
            }
        }
    }

    private boolean ledElsewhere(NodeReport report, ReportedLog log, MetadataImage truth) {
        PartitionImage here = database.partition(log.topicId(), log.partition());
        PartitionImage there = truth.partition(log.topicId(), log.partition());
        if (here == null || there == null) {
            return false;
        }
        boolean ledHere =
                here.leaderId() == report.nodeId() && here.leaderNodeEpoch() == report.nodeEpoch();
        boolean alone = there.assignedReplicas().equals(List.of(report.nodeId()));
        return ledHere && !alone;
    }

    /** Nodes that were started since the loss, and have followed the database from its start. */
    private Set<Integer> strayed() {
        Set<Integer> strayed = new TreeSet<>();
        for (Finding finding : findings) {
            if (!finding.lost()) {
                strayed.add(finding.report().nodeId());
            }
        }
        return strayed;
    }

    /**
     * Partitions whose only in-sync replicas were on nodes that have strayed, and that have no log
     * of it now: it was unknown to the database, and so they set it aside.
     */
    private void refuseMissingLogs(MetadataImage truth, Set<Integer> strayed) {
        Set<String> held = new HashSet<>();
        for (Finding finding : findings) {
            for (ReportedLog log : finding.report().logs()) {
                held.add(finding.report().nodeId() + " " + log.topicId() + " " + log.partition());
            }
        }
        for (TopicImage topic : truth.topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                boolean someoneStayed =
                        RecoveredImage.hasStayed(partition.toRecord(topic.topicId()), strayed);
                boolean someoneHolds = someoneStayed || partition.isr().isEmpty();
                for (var member : partition.isr()) {
                    String log =
                            member.nodeId() + " " + topic.topicId() + " " + partition.partition();
                    someoneHolds |= held.contains(log);
                }
                if (!someoneHolds) {
                    String name = topic.name() + "-" + partition.partition();
                    refusals.add(
                            "The only in-sync replicas of "
                                    + name
                                    + " are on nodes "
                                    + partition.isr().stream().map(m -> m.nodeId()).toList()
                                    + ", which were started since the loss and have set it aside:"
                                    + " stop one, rename its directory "
                                    + name
                                    + ".<id>-stray to "
                                    + name
                                    + ", and say --without that node");
                }
            }
        }
    }

    /** Topics of which some node has a record, or had. */
    private Set<Uuid> writtenTopics() {
        Set<Uuid> written = new HashSet<>();
        for (Finding finding : findings) {
            for (ReportedLog log : finding.report().logs()) {
                if (log.endOffset() > 0) {
                    written.add(log.topicId());
                }
            }
        }
        return written;
    }
}
