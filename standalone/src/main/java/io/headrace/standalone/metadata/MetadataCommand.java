package io.headrace.standalone.metadata;

import io.headrace.coordinator.metadata.Database;
import io.headrace.coordinator.metadata.MetadataArchive;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;

/** {@code headrace metadata}: carries a cluster's metadata from place to place. */
@Command(
        name = "metadata",
        description = {
            "Carry the cluster's metadata from one database to another, with the coordinators"
                    + " stopped, or back from the storage nodes into a database that has lost"
                    + " some.",
            "",
            "  headrace metadata export --data data/coordinator cluster.metadata",
            "  headrace metadata import --url jdbc:postgresql://db/headrace --user headrace"
                    + " cluster.metadata",
            "  headrace metadata recover --url jdbc:postgresql://db/headrace --user headrace"
        },
        subcommands = RecoverCommand.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class MetadataCommand {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Command(
            name = "export",
            description =
                    "Write all topics, nodes, configs, ids and epochs to a file. Stop the"
                            + " coordinators first, or later changes are missing in it.",
            mixinStandardHelpOptions = true)
    int export(
            @Mixin DatabaseOption database,
            @Parameters(paramLabel = "FILE", description = "A new file.") Path file)
            throws IOException {
        try (Database source = database.open(false)) {
            tell("Exported", MetadataArchive.export(source, file));
        }
        return 0;
    }

    @Command(
            name = "import",
            description =
                    "Fill an empty database from a file. Nodes go on as before: ids, epochs and"
                            + " the next offset are kept.",
            mixinStandardHelpOptions = true)
    int restore(
            @Mixin DatabaseOption database,
            @Parameters(paramLabel = "FILE", description = "What export wrote.") Path file)
            throws IOException {
        try (Database target = database.open(true)) {
            tell("Imported", MetadataArchive.restore(target, file));
        }
        return 0;
    }

    private void tell(String what, MetadataArchive.Summary summary) {
        spec.commandLine()
                .getOut()
                .printf(
                        "%s cluster %s: %d topics, %d nodes, controller epoch %d, next offset %d%n",
                        what,
                        summary.clusterId(),
                        summary.topics(),
                        summary.nodes(),
                        summary.controllerEpoch(),
                        summary.nextOffset());
        spec.commandLine().getOut().flush();
    }
}
