package io.headrace.benchmarks.floor;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The least that a Kafka-protocol server can do with a produce request: decode it with Kafka's own
 * codec, check each batch's CRC, give it offsets, append it to a file. No replication, no indexes,
 * no fsync, no idempotence, no bounds. What it needs is what nobody can go below on this stack.
 *
 * <p>Usage: {@code FloorProgram PORT PARTITIONS DIRECTORY}. Every topic exists, with that many
 * partitions.
 */
public final class FloorProgram {
    private FloorProgram() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int port = Integer.parseInt(arguments[0]);
        int partitions = Integer.parseInt(arguments[1]);
        FloorLogs logs = new FloorLogs(Path.of(arguments[2]), partitions);
        EventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(
                        Runtime.getRuntime().availableProcessors(), EpollIoHandler.newFactory());
        Channel channel =
                new ServerBootstrap()
                        .group(loops)
                        .channel(EpollServerSocketChannel.class)
                        .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel connection) {
                                        connection
                                                .pipeline()
                                                .addLast(new FloorFrames())
                                                .addLast(new FloorHandler(logs, port));
                                    }
                                })
                        .bind("127.0.0.1", port)
                        .sync()
                        .channel();
        System.out.println("The floor is up");
        channel.closeFuture().sync();
    }
}
