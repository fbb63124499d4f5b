package io.headrace.coordinator.group.share;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The assignor of share groups, by its name "simple" (KIP-932): every partition has a member, every
 * member that subscribes to a topic with partitions has one, the shares are even, and members keep
 * what they have where that is so.
 */
public final class SimpleAssignor {
    /** Its name in descriptions of groups. */
    public static final String NAME = "simple";

    private SimpleAssignor() {}

    /**
     * Who is to read partitions.
     *
     * @param topics what it subscribes to
     * @param current what it is meant to have so far
     */
    public record Sharer(String memberId, Set<Uuid> topics, Map<Uuid, Set<Integer>> current) {}

    private record Place(Uuid topicId, int partition) {}

    /** Members that compete for the same partitions. */
    private static final class Pool {
        private final List<Place> places;
        private final List<Sharer> sharers;

        /** How many members each partition is meant to have. */
        private final int sharing;

        private final Map<Place, Integer> taken = new HashMap<>();
        private final Map<String, Set<Place>> given = new HashMap<>();
        private final Map<String, Integer> quota = new HashMap<>();

        Pool(List<Place> places, List<Sharer> sharers) {
            this.places = places;
            this.sharers = sharers;
            this.sharing = (sharers.size() + places.size() - 1) / places.size();
            long total = (long) sharing * places.size();
            for (int i = 0; i < sharers.size(); i++) {
                quota.put(sharers.get(i).memberId(), (int) (share(total, i + 1) - share(total, i)));
                given.put(sharers.get(i).memberId(), new HashSet<>());
            }
        }

        private long share(long total, int count) {
            return (total * count + sharers.size() - 1) / sharers.size();
        }

        void assign() {
            Set<Place> known = new HashSet<>(places);
            for (Sharer sharer : sharers) {
                for (Map.Entry<Uuid, Set<Integer>> topic : sharer.current().entrySet()) {
                    for (int partition : topic.getValue()) {
                        Place place = new Place(topic.getKey(), partition);
                        if (known.contains(place) && left(sharer) > 0 && need(place) > 0) {
                            give(sharer, place);
                        }
                    }
                }
            }
            for (Place place : places) {
                while (need(place) > 0) {
                    give(next(place), place);
                }
            }
        }

        private int left(Sharer sharer) {
            String id = sharer.memberId();
            return quota.getOrDefault(id, 0) - given.getOrDefault(id, Set.of()).size();
        }

        private int need(Place place) {
            return sharing - taken.getOrDefault(place, 0);
        }

        private void give(Sharer sharer, Place place) {
            given.computeIfAbsent(sharer.memberId(), id -> new HashSet<>()).add(place);
            taken.merge(place, 1, Integer::sum);
        }

        /** The member without that partition that is furthest behind its share. */
        private Sharer next(Place place) {
            return sharers.stream()
                    .filter(
                            sharer ->
                                    !given.getOrDefault(sharer.memberId(), Set.of())
                                            .contains(place))
                    .max(Comparator.comparingInt(this::left))
                    .orElseThrow(() -> new IllegalStateException("More shares than members"));
        }
    }

    /**
     * The partitions of each member.
     *
     * @param partitions those that may be assigned, by topic
     */
    public static Map<String, Map<Uuid, Set<Integer>>> assign(
            Collection<Sharer> members, Map<Uuid, ? extends Set<Integer>> partitions) {
        List<Sharer> sharers = new ArrayList<>(members);
        sharers.sort(Comparator.comparing(Sharer::memberId));
        Map<String, Map<Uuid, Set<Integer>>> all = new HashMap<>();
        sharers.forEach(sharer -> all.put(sharer.memberId(), new TreeMap<>()));
        boolean alike = sharers.stream().map(Sharer::topics).distinct().count() <= 1;
        if (alike && !sharers.isEmpty()) {
            assign(sharers, sharers.getFirst().topics(), partitions, all);
        } else {
            Set<Uuid> topics = new TreeSet<>();
            sharers.forEach(sharer -> topics.addAll(sharer.topics()));
            for (Uuid topic : topics) {
                List<Sharer> ofTopic =
                        sharers.stream().filter(sharer -> sharer.topics().contains(topic)).toList();
                assign(ofTopic, Set.of(topic), partitions, all);
            }
        }
        return all;
    }

    private static void assign(
            List<Sharer> sharers,
            Set<Uuid> topics,
            Map<Uuid, ? extends Set<Integer>> partitions,
            Map<String, Map<Uuid, Set<Integer>>> all) {
        List<Place> places = new ArrayList<>();
        for (Uuid topic : new TreeSet<>(topics)) {
            Set<Integer> ofTopic = partitions.get(topic);
            if (ofTopic != null) {
                new TreeSet<>(ofTopic)
                        .forEach(partition -> places.add(new Place(topic, partition)));
            }
        }
        if (places.isEmpty()) {
            return;
        }
        Pool pool = new Pool(places, sharers);
        pool.assign();
        pool.given.forEach(
                (memberId, given) -> {
                    Map<Uuid, Set<Integer>> mine =
                            all.computeIfAbsent(memberId, id -> new TreeMap<>());
                    given.forEach(
                            place ->
                                    mine.computeIfAbsent(place.topicId(), id -> new TreeSet<>())
                                            .add(place.partition()));
                });
    }
}
