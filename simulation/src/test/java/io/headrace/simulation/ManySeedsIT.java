package io.headrace.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.simulation.planted.Bug;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.ExecutionException;

/** Goal: 20,000 seeds are clean; {@code -Dseeds} says how many, {@code -Dfirst} from which. */
@Tag("fault")
class ManySeedsIT {
    @Test
    void areClean() throws InterruptedException, ExecutionException {
        List<String> failures =
                ManySeeds.run(
                        Long.getLong("first", 1),
                        Integer.getInteger("seeds", 20_000),
                        Bug.NONE,
                        System.out::println);
        assertThat(failures).isEmpty();
    }
}
