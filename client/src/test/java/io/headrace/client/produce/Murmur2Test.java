package io.headrace.client.produce;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

class Murmur2Test {
    @Test
    void hasKafkasVectors() {
        assertThat(hash("21")).isEqualTo(-973932308);
        assertThat(hash("foobar")).isEqualTo(-790332482);
        assertThat(hash("a-little-bit-long-string")).isEqualTo(-985981536);
        assertThat(hash("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")).isEqualTo(-58897971);
    }

    private static int hash(String text) {
        return Murmur2.hash(text.getBytes(StandardCharsets.UTF_8));
    }

    @Seeded
    void equalsKafkasHashOfAnyBytes(RandomGenerator random) {
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            assertThat(Murmur2.hash(bytes)).isEqualTo(Utils.murmur2(bytes));
            assertThat(Murmur2.toPartition(bytes, 7))
                    .isEqualTo(Utils.toPositive(Utils.murmur2(bytes)) % 7);
        }
    }
}
