package io.headrace.testkit.random;

import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** Runs {@link Seeded} tests and names the seed of those that fail. */
final class SeedExtension implements TestTemplateInvocationContextProvider {
    private static final AtomicLong NEXT = new AtomicLong(System.nanoTime());

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return context.getRequiredTestMethod().isAnnotationPresent(Seeded.class);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
            ExtensionContext context) {
        int runs = context.getRequiredTestMethod().getAnnotation(Seeded.class).runs();
        return seeds(System.getProperty("seed", ""), runs).map(Run::new);
    }

    /**
     * The seeds to run.
     *
     * @param wanted the one seed to replay; blank for {@code runs} new ones
     */
    static Stream<Seed> seeds(String wanted, int runs) {
        if (wanted.isBlank()) {
            return Stream.generate(SeedExtension::fresh).limit(runs);
        }
        return Stream.of(new Seed(Long.parseLong(wanted.strip())));
    }

    private static Seed fresh() {
        return new Seed(new SplittableRandom(NEXT.incrementAndGet()).nextLong() >>> 16);
    }

    private record Run(Seed seed) implements TestTemplateInvocationContext {
        @Override
        public String getDisplayName(int invocationIndex) {
            return seed.toString();
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(new SeedParameters(seed), new SeedOnFailure(seed));
        }
    }

    private record SeedParameters(Seed seed) implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            Class<?> type = parameter.getParameter().getType();
            return type == RandomGenerator.class || type == Seed.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Seed.class ? seed : seed.generator();
        }
    }

    private record SeedOnFailure(Seed seed) implements TestExecutionExceptionHandler {
        @Override
        public void handleTestExecutionException(ExtensionContext context, Throwable failure)
                throws Throwable {
            String replay = context.getRequiredTestMethod() + " fails again with " + seed;
            System.err.println(replay);
            failure.addSuppressed(new FailedWithSeed(replay));
            throw failure;
        }
    }

    /** Carries the seed into the failure's stack trace, where reports show it. */
    private static final class FailedWithSeed extends Exception {
        private static final long serialVersionUID = 1L;

        FailedWithSeed(String message) {
            super(message, null, false, false);
        }
    }
}
