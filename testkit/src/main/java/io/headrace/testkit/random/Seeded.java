package io.headrace.testkit.random;

import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A test that runs once for each of several seeds and takes a {@link
 * java.util.random.RandomGenerator}, a {@link Seed}, or both (the generator starts from the seed).
 *
 * <p>Seeds are new in every build. A failure prints the seed; {@code -Dseed=42} runs the test with
 * this seed only.
 */
@TestTemplate
@ExtendWith(SeedExtension.class)
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Seeded {
    /** How many seeds to try. */
    int runs() default 1;
}
