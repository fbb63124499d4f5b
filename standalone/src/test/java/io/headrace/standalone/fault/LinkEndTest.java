package io.headrace.standalone.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.standalone.fault.LinkEnd.Delay;
import io.headrace.standalone.fault.LinkEnd.Tally;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** What is said of a network without one. */
class LinkEndTest {
    @Test
    void readsWhatBefellThePackets() {
        String said =
                """
                qdisc htb 1: root refcnt 3 r2q 10 default 0x1 direct_packets_stat 0
                 Sent 64 bytes 7 pkt (dropped 2, overlimits 9 requeues 0)\s
                 backlog 0b 0p requeues 0
                qdisc pfifo 8001: parent 1:1 limit 100p
                 Sent 64 bytes 7 pkt (dropped 2, overlimits 0 requeues 0)\s
                 backlog 0b 0p requeues 0
                qdisc clsact ffff: parent ffff:fff1\s
                 Sent 13228 bytes 301 pkt (dropped 55, overlimits 0 requeues 0)\s
                 backlog 0b 0p requeues 0
                """;
        assertThat(LinkEnd.tally(said)).isEqualTo(new Tally(301, 55, 7, 2));
        assertThat(LinkEnd.tally("qdisc noqueue 0: root refcnt 2\n")).isEqualTo(Tally.NONE);
    }

    @Test
    void refusesWhatItCannotDo() {
        LinkEnd end = new LinkEnd(List.of("false"), "eth0");
        assertThatThrownBy(() -> end.loseArriving(1)).hasMessageContaining("between 0 and 1");
        assertThatThrownBy(() -> end.delayLeaving(Delay.HTB, 6)).hasMessageContaining("1 to 5 ms");
    }

    @Test
    void saysWhatIsMissing() throws InterruptedException {
        List<String> missing = new ArrayList<>();
        LinkEnd end = new LinkEnd(List.of("no-such-tool"), "eth0");
        NetworkFault.Ability ability = NetworkFault.abilityAt(end, missing::add);
        assertThat(ability.canLose()).isFalse();
        assertThat(ability.delay()).isNull();
        assertThat(missing)
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("no-such-tool"))
                .anySatisfy(line -> assertThat(line).startsWith("No loss of packets: "))
                .anySatisfy(line -> assertThat(line).startsWith("No slow network: "));
    }
}
