package io.headrace.coordinator.membership;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Members find each other by address, say who they are, and are missed when they go. */
@Timeout(120)
class HazelcastMembershipTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final List<HazelcastMembership> started = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();

    /** A sight of a member. */
    private record Sight(Member member, boolean seen) {}

    @AfterEach
    void stop() {
        started.forEach(HazelcastMembership::close);
    }

    private void reservePorts(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        }
        for (ServerSocket socket : held) {
            ports.add(socket.getLocalPort());
            addresses.add("127.0.0.1:" + socket.getLocalPort());
            socket.close();
        }
    }

    private HazelcastMembership join(
            String cluster, Member self, int index, HazelcastMembership.SightListener listener) {
        HazelcastMembership membership =
                new HazelcastMembership(cluster, self, ports.get(index), addresses, listener);
        started.add(membership);
        return membership;
    }

    private static Member member(String role, int id) {
        return new Member(role, id, Uuid.randomUuid(), "host-" + id + ":9", "rack-" + id);
    }

    @Test
    void membersSeeEachOtherComeAndGo() throws Exception {
        reservePorts(3);
        Queue<Sight> sights = new ConcurrentLinkedQueue<>();
        HazelcastMembership first =
                join(
                        "headrace-test-a",
                        member(Member.COORDINATOR, 1001),
                        0,
                        (member, seen) -> sights.add(new Sight(member, seen)));
        Eventually.until(LIMIT, () -> first.size() == 1, "the first is up");
        Member storage = member(Member.STORAGE, 1);
        HazelcastMembership second = join("headrace-test-a", storage, 1, (member, seen) -> {});
        Member stranger = member(Member.STORAGE, 2);
        HazelcastMembership other = join("headrace-test-b", stranger, 2, (member, seen) -> {});
        Eventually.until(LIMIT, () -> sights.contains(new Sight(storage, true)), "it is seen");
        assertThat(first.size()).isEqualTo(2);
        Eventually.until(LIMIT, () -> other.size() == 1, "another cluster stays apart");
        second.close();
        long closedNanos = System.nanoTime();
        Eventually.until(LIMIT, () -> sights.contains(new Sight(storage, false)), "it is missed");
        System.out.println("Missed after " + (System.nanoTime() - closedNanos) / 1_000_000 + " ms");
        assertThat(sights).noneMatch(sight -> sight.member().equals(stranger));
    }
}
