package io.headrace.standalone;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.IVersionProvider;

/** The version of this build, from the jar's manifest. */
public final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        return new String[] {
            "headrace " + current() + " (Java " + System.getProperty("java.version") + ")"
        };
    }

    /** The version, or {@code development} when not run from a jar. */
    public static String current() {
        @Nullable String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
