package io.headrace.coordinator.metadata;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.MetadataBatches;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.springframework.dao.DataAccessException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A cluster's metadata as a file: the way from one database to another. Ids, epochs and the next
 * offset are kept, so that nodes go on as if nothing had happened.
 *
 * <pre>
 * 8 bytes  "HRMETA01"
 * 8 bytes  controller epoch
 * 8 bytes  next offset
 * 16 bytes take-over id
 * 4 bytes  length of the batches
 *          record batches of all metadata records
 * 4 bytes  CRC-32C of everything before it
 * </pre>
 */
public final class MetadataArchive {
    private static final byte[] MAGIC = {'H', 'R', 'M', 'E', 'T', 'A', '0', '1'};
    private static final int HEADER_BYTES = MAGIC.length + 8 + 8 + 16 + 4;

    private MetadataArchive() {}

    /** What an archive holds, in short. */
    public record Summary(
            String clusterId, long controllerEpoch, long nextOffset, int topics, int nodes) {
        static Summary of(MetadataImage image) {
            return new Summary(
                    image.clusterId(),
                    image.controllerEpoch(),
                    image.nextOffset(),
                    image.topicsById().size(),
                    image.nodes().size());
        }
    }

    /**
     * Writes all metadata to a new file. No controller may change it meanwhile; a database that
     * this process can open is either PostgreSQL or used by nobody else.
     *
     * @throws FileAlreadyExistsException if there is such a file
     * @throws IOException if the database holds no cluster, or the file cannot be written
     */
    public static Summary export(Database database, Path file) throws IOException {
        if (Files.exists(file)) {
            throw new FileAlreadyExistsException(file + " exists: choose another file");
        }
        SqlStore store = new SqlStore(database.dataSource());
        ControllerRow row = found(store);
        if (row.nextOffset() == 0) {
            throw new IOException("This database holds no cluster yet");
        }
        MetadataImage image = store.load(1).image();
        ByteBuffer batches = MetadataSnapshot.of(image).bytes();
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + batches.remaining() + 4);
        bytes.put(MAGIC)
                .putLong(image.controllerEpoch())
                .putLong(image.nextOffset())
                .putLong(image.takeOverId().getMostSignificantBits())
                .putLong(image.takeOverId().getLeastSignificantBits())
                .putInt(batches.remaining())
                .put(batches.duplicate());
        bytes.putInt((int) crc(bytes.duplicate().flip())).flip();
        write(file, bytes);
        return Summary.of(image);
    }

    /** The controller row of a database that holds a cluster. */
    static ControllerRow found(SqlStore store) throws IOException {
        ControllerRow row;
        try {
            row = store.readController();
        } catch (DataAccessException e) {
            throw new IOException("This database cannot be read: " + Database.reasonOf(e), e);
        }
        if (row == null) {
            throw new IOException("This database holds no cluster yet");
        }
        return row;
    }

    private static void write(Path file, ByteBuffer bytes) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        try (FileChannel channel =
                FileChannel.open(
                        unfinished,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static long crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return crc.getValue();
    }

    /**
     * Fills an empty database from a file.
     *
     * @throws IOException if the file is no whole archive, or the database holds a cluster already
     */
    public static Summary restore(Database database, Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        byte[] magic = new byte[MAGIC.length];
        if (bytes.remaining() < HEADER_BYTES + 4) {
            throw new IOException(file + " is no archive of metadata");
        }
        int crcAt = bytes.limit() - 4;
        bytes.get(magic);
        if (!java.util.Arrays.equals(magic, MAGIC)
                || bytes.getInt(crcAt) != (int) crc(bytes.duplicate().position(0).limit(crcAt))) {
            throw new IOException(file + " is no archive of metadata, or it is damaged");
        }
        long controllerEpoch = bytes.getLong();
        long nextOffset = bytes.getLong();
        Uuid takeOverId = new Uuid(bytes.getLong(), bytes.getLong());
        int length = bytes.getInt();
        if (length != crcAt - HEADER_BYTES) {
            throw new IOException(file + " has a wrong length");
        }
        List<ApiMessage> records;
        try {
            records = MetadataBatches.decode(bytes.slice(HEADER_BYTES, length));
        } catch (MalformedFrameException e) {
            throw new IOException(file + " was written by a version that this one is behind", e);
        }
        MetadataImage image = MetadataImage.EMPTY.applyAll(records, nextOffset);
        database.migrate();
        SqlStore store = new SqlStore(database.dataSource());
        ControllerRow row =
                new ControllerRow(
                        image.clusterId(),
                        controllerEpoch,
                        ControllerRow.NOBODY,
                        takeOverId,
                        nextOffset,
                        0);
        if (!store.fill(row, records)) {
            throw new IOException("This database holds a cluster already: nothing was changed");
        }
        return Summary.of(image);
    }
}
