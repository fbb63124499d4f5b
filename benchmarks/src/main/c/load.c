/*
 * Puts load on a Kafka-protocol server through librdkafka and prints one line of JSON.
 *
 *   load produce bootstrap=HOST:PORT topic=T partitions=N size=BYTES (records=N | seconds=S)
 *        [producers=N] [keys=1] [stamp=1] [rate=RECORDS_PER_SECOND] [conf.NAME=VALUE ...]
 *   load consume bootstrap=... topic=T partitions=N records=N [timeout=S] [conf.NAME=VALUE ...]
 *   load latency bootstrap=... topic=T partitions=N size=BYTES rate=R seconds=S [warmup=S]
 *   load idle bootstrap=... topic=T partitions=N consumers=N
 *   load evict FILE...         takes files out of the page cache
 *
 * produce: one client and one thread per producer; counts what the server holds afterwards (the
 * offsets' difference), so that an acknowledged record that is not there is an error.
 * With stamp=1 each value is text that begins with the time at which it was due, "@SECONDS@".
 * latency: records are sent at fixed times whatever the server does, and each is timed from the
 * moment at which it was due, so a stalled server is not spared (no coordinated omission).
 * idle: consumers that wait for records at the ends of partitions that get none, spread over them
 * evenly; a thousand partitions in T, the next in T-1 and so on. Says "ready" when every partition
 * has been fetched to its end, and goes on until SIGTERM.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CONFS_MAX = 32, BATCH = 500, POOL_BYTES = 4 << 20, TOPIC_PARTITIONS = 1000, CONSUMERS_AT_ONCE = 25 };

static struct {
    const char *bootstrap, *topic;
    int partitions, producers, consumers, keys, stamp;
    long size, records, rate;
    double seconds, warmup, timeout;
    const char *names[CONFS_MAX], *values[CONFS_MAX];
    int confs;
} opt = {.partitions = 1, .producers = 1, .consumers = 1, .size = 100, .timeout = 60};

static atomic_long errors;
static char *pool; /* payloads: half of their bytes repeat, as in OpenMessaging's workloads */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what, const char *why) {
    fprintf(stderr, "load: %s: %s\n", what, why);
    exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
        die(name, why);
    }
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
    (void)rk, (void)opaque;
    if (message->err && atomic_fetch_add(&errors, 1) < 5) {
        fprintf(stderr, "load: not delivered: %s\n", rd_kafka_err2str(message->err));
    }
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque) {
    (void)rk, (void)opaque;
    fprintf(stderr, "load: %s: %s\n", rd_kafka_err2name(err), reason);
}

static rd_kafka_t *client_of(rd_kafka_conf_t *conf, rd_kafka_type_t type) {
    set(conf, "bootstrap.servers", opt.bootstrap);
    if (type == RD_KAFKA_PRODUCER) {
        set(conf, "delivery.report.only.error", "true");
        /* All producers together hold no more than one would alone: a backlog is not a load. */
        char most[16];
        snprintf(most, sizeof most, "%d", opt.producers < 100 ? 1000000 / opt.producers : 10000);
        set(conf, "queue.buffering.max.messages", most);
        set(conf, "message.timeout.ms", "60000");
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    } else {
        set(conf, "group.id", "load");
        set(conf, "enable.auto.commit", "false");
        set(conf, "auto.offset.reset", "error");
    }
    rd_kafka_conf_set_error_cb(conf, on_error);
    for (int i = 0; i < opt.confs; i++) {
        int forConsumer = strncmp(opt.names[i], "fetch.", 6) == 0;
        if (forConsumer == (type == RD_KAFKA_CONSUMER)) {
            set(conf, opt.names[i], opt.values[i]);
        }
    }
    char why[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
    if (!rk) {
        die("client", why);
    }
    return rk;
}

static rd_kafka_t *client(rd_kafka_type_t type) {
    return client_of(rd_kafka_conf_new(), type);
}

/* A topic's leader may be new: what a client would ask again about is asked again, for 30 s. */
static void watermark(rd_kafka_t *rk, int partition, int64_t *low, int64_t *high) {
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int attempt = 0; attempt < 300; attempt++) {
        err = rd_kafka_query_watermark_offsets(rk, opt.topic, partition, low, high, 30000);
        if (err != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
            && err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
            && err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
            && err != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION
            && err != RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
            break;
        }
        usleep(100000);
    }
    if (err) {
        die("offsets", rd_kafka_err2str(err));
    }
}

static int64_t stored(rd_kafka_t *rk) {
    int64_t total = 0;
    for (int p = 0; p < opt.partitions; p++) {
        int64_t low, high;
        watermark(rk, p, &low, &high);
        total += high;
    }
    return total;
}

struct producer {
    pthread_t thread;
    int index;
    long sent;
    double end;
};

static void pace(long sent, double begun) {
    double ahead = begun + sent * opt.producers / (double)opt.rate - now();
    if (opt.rate > 0 && ahead > 0) {
        usleep((useconds_t)(ahead * 1e6));
    }
}

static void *produce_one(void *argument) {
    struct producer *self = argument;
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, opt.topic, NULL);
    static __thread rd_kafka_message_t batch[BATCH];
    static __thread uint64_t keys[BATCH];
    long quota = opt.records > 0 ? opt.records / opt.producers : -1;
    if (self->index == 0 && quota >= 0) {
        quota += opt.records % opt.producers;
    }
    int batchMax = opt.stamp ? 1 : opt.size >= 8192 ? 16 : BATCH;
    char *stamped = calloc(1, opt.size + 32);
    memset(stamped, 'x', opt.size + 31);
    double begun = now(), deadline = begun + opt.seconds;
    size_t at = (size_t)self->index * 4096 % (POOL_BYTES / 2);
    int partition = self->index % opt.partitions;
    uint64_t random = 88172645463325252ULL + self->index;
    while (quota != 0 && (opt.records > 0 || now() < deadline)) {
        int count = quota > 0 && quota < batchMax ? (int)quota : batchMax;
        for (int i = 0; i < count; i++) {
            rd_kafka_message_t *m = &batch[i];
            memset(m, 0, sizeof *m);
            at = at + opt.size >= POOL_BYTES - (size_t)opt.size ? 0 : at + opt.size;
            m->payload = pool + at;
            m->len = opt.size;
            m->partition = partition;
            if (opt.stamp) {
                double due = begun + self->sent * opt.producers / (double)opt.rate;
                stamped[snprintf(stamped, opt.size, "@%017.6f@", due)] = 'x';
                m->payload = stamped;
            }
            if (opt.keys) {
                random ^= random << 13, random ^= random >> 7, random ^= random << 17;
                keys[i] = random % 1000000;
                m->key = &keys[i];
                m->key_len = sizeof keys[i];
                m->partition = (int)(random % opt.partitions);
            }
        }
        partition = (partition + 1) % opt.partitions;
        int begin = 0;
        while (begin < count) {
            /* Without MSG_F_COPY the payload stays ours; keys are always copied. */
            int copy = opt.stamp ? RD_KAFKA_MSG_F_COPY : 0;
            int done = rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA,
                                              RD_KAFKA_MSG_F_PARTITION | copy, batch + begin,
                                              count - begin);
            begin += done;
            if (begin < count) {
                if (batch[begin].err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                    die("produce", rd_kafka_err2str(batch[begin].err));
                }
                rd_kafka_poll(rk, 1);
            }
        }
        rd_kafka_poll(rk, 0);
        self->sent += count;
        quota -= quota > 0 ? count : 0;
        pace(self->sent, begun);
    }
    if (rd_kafka_flush(rk, (int)(opt.timeout * 1000)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        atomic_fetch_add(&errors, rd_kafka_outq_len(rk));
    }
    self->end = now();
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    free(stamped);
    return NULL;
}

static int produce(void) {
    rd_kafka_t *probe = client(RD_KAFKA_CONSUMER);
    int64_t before = stored(probe);
    struct producer *all = calloc(opt.producers, sizeof *all);
    double begun = now(), end = begun;
    for (int i = 0; i < opt.producers; i++) {
        all[i].index = i;
        if (pthread_create(&all[i].thread, NULL, produce_one, &all[i])) {
            die("thread", strerror(errno));
        }
    }
    long sent = 0;
    for (int i = 0; i < opt.producers; i++) {
        pthread_join(all[i].thread, NULL);
        sent += all[i].sent;
        end = all[i].end > end ? all[i].end : end;
    }
    long missing = sent - (long)(stored(probe) - before);
    printf("{\"records\":%ld,\"bytes\":%ld,\"seconds\":%.6f,\"errors\":%ld,\"missing\":%ld}\n", sent,
           sent * opt.size, end - begun, atomic_load(&errors), missing);
    rd_kafka_destroy(probe);
    return atomic_load(&errors) || missing ? 1 : 0;
}

static rd_kafka_queue_t *assign(rd_kafka_t *rk, int fromEnd) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(opt.partitions);
    for (int p = 0; p < opt.partitions; p++) {
        int64_t low = 0, high = 0;
        watermark(rk, p, &low, &high);
        rd_kafka_topic_partition_list_add(list, opt.topic, p)->offset = fromEnd ? high : low;
    }
    rd_kafka_resp_err_t err = rd_kafka_assign(rk, list);
    if (err) {
        die("assign", rd_kafka_err2str(err));
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rd_kafka_queue_get_consumer(rk);
}

static int consume(void) {
    rd_kafka_t *rk = client(RD_KAFKA_CONSUMER);
    int64_t *next = calloc(opt.partitions, sizeof *next);
    for (int p = 0; p < opt.partitions; p++) {
        next[p] = -1;
    }
    double begun = now(), last = begun;
    rd_kafka_queue_t *queue = assign(rk, 0);
    static rd_kafka_message_t *messages[10000];
    long count = 0, bytes = 0, gaps = 0;
    while (count < opt.records && now() - last < opt.timeout) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, 200, messages, 10000);
        for (ssize_t i = 0; i < got; i++) {
            rd_kafka_message_t *m = messages[i];
            if (m->err) {
                fprintf(stderr, "load: %s\n", rd_kafka_message_errstr(m));
                atomic_fetch_add(&errors, 1);
            } else {
                gaps += next[m->partition] >= 0 && m->offset != next[m->partition];
                next[m->partition] = m->offset + 1;
                bytes += (long)m->len;
                count++;
            }
            rd_kafka_message_destroy(m);
        }
        last = got > 0 ? now() : last;
    }
    double seconds = last - begun;
    /* A producer may still be at work, so there may be more than was asked for. */
    long missing = (count < opt.records ? opt.records - count : 0) + gaps;
    printf("{\"records\":%ld,\"bytes\":%ld,\"seconds\":%.6f,\"errors\":%ld,\"missing\":%ld}\n",
           count, bytes, seconds, atomic_load(&errors), missing);
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return atomic_load(&errors) || missing > 0 ? 1 : 0;
}

static atomic_int producing = 1;
static atomic_long due_count;
static double latency_begun;

static void *send_on_time(void *unused) {
    (void)unused;
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, opt.topic, NULL);
    char *payload = calloc(1, opt.size);
    memcpy(payload, pool, opt.size);
    long total = (long)(opt.rate * (opt.warmup + opt.seconds));
    for (long i = 0; i < total; i++) {
        double due = latency_begun + i / (double)opt.rate;
        struct timespec at = {.tv_sec = (time_t)due,
                              .tv_nsec = (long)((due - (time_t)due) * 1e9)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        memcpy(payload, &due, sizeof due);
        while (rd_kafka_produce(topic, (int)(i % opt.partitions), RD_KAFKA_MSG_F_COPY, payload,
                                opt.size, NULL, 0, NULL)) {
            rd_kafka_poll(rk, 1);
        }
        rd_kafka_poll(rk, 0);
        atomic_fetch_add(&due_count, 1);
    }
    if (rd_kafka_flush(rk, (int)(opt.timeout * 1000)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        atomic_fetch_add(&errors, rd_kafka_outq_len(rk));
    }
    atomic_store(&producing, 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    free(payload);
    return NULL;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int latency(void) {
    if (opt.size < (long)sizeof(double) || opt.rate <= 0) {
        die("latency", "needs rate and size of at least 8");
    }
    rd_kafka_t *rk = client(RD_KAFKA_CONSUMER);
    rd_kafka_queue_t *queue = assign(rk, 1);
    long total = (long)(opt.rate * (opt.warmup + opt.seconds));
    double *taken = calloc(total, sizeof *taken);
    latency_begun = now() + 1.0;
    pthread_t sender;
    if (pthread_create(&sender, NULL, send_on_time, NULL)) {
        die("thread", strerror(errno));
    }
    long count = 0, counted = 0;
    double last = now();
    while (count < total && (atomic_load(&producing) || now() - last < 10)) {
        rd_kafka_message_t *messages[1000];
        ssize_t got = rd_kafka_consume_batch_queue(queue, 5, messages, 1);
        double seen = now();
        for (ssize_t i = 0; i < got; i++) {
            rd_kafka_message_t *m = messages[i];
            if (m->err) {
                fprintf(stderr, "load: %s\n", rd_kafka_message_errstr(m));
                atomic_fetch_add(&errors, 1);
            } else {
                double due;
                memcpy(&due, m->payload, sizeof due);
                if (due >= latency_begun + opt.warmup) {
                    taken[counted++] = seen - due;
                }
                count++;
            }
            rd_kafka_message_destroy(m);
            last = seen;
        }
    }
    pthread_join(sender, NULL);
    qsort(taken, counted, sizeof *taken, ascending);
    long missing = total - count;
    double quantiles[] = {0.5, 0.9, 0.99, 0.999, 1.0};
    const char *names[] = {"p50", "p90", "p99", "p999", "max"};
    printf("{\"records\":%ld,\"bytes\":%ld,\"seconds\":%.6f,\"errors\":%ld,\"missing\":%ld", count,
           count * opt.size, opt.seconds, atomic_load(&errors), missing);
    for (int i = 0; i < 5 && counted > 0; i++) {
        long at = (long)(quantiles[i] * counted);
        printf(",\"%s\":%.4f", names[i], taken[at < counted ? at : counted - 1] * 1000);
    }
    printf("}\n");
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return atomic_load(&errors) || missing ? 1 : 0;
}

static volatile sig_atomic_t stopped;

static void stop(int signal) {
    (void)signal;
    stopped = 1;
}

/* Neighbouring partitions, so that a consumer needs the metadata of one topic or two; their number. */
static int wait_at_end(rd_kafka_t *rk, int consumer) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    int end = (int)((long)opt.partitions * (consumer + 1) / opt.consumers);
    for (int p = (int)((long)opt.partitions * consumer / opt.consumers); p < end; p++) {
        char topic[256];
        int number = p / TOPIC_PARTITIONS;
        snprintf(topic, sizeof topic, number ? "%s-%d" : "%s", opt.topic, number);
        rd_kafka_topic_partition_list_add(list, topic, p % TOPIC_PARTITIONS)->offset =
            RD_KAFKA_OFFSET_END;
    }
    rd_kafka_resp_err_t err = rd_kafka_assign(rk, list);
    if (err) {
        die("assign", rd_kafka_err2str(err));
    }
    int assigned = list->cnt;
    rd_kafka_topic_partition_list_destroy(list);
    return assigned;
}

struct waiting {
    rd_kafka_queue_t *queue;
    int assigned;
    long ends;
    long records;
};

/* Takes what came; a topic that is as new as its consumer may be unknown to a broker at first. */
static void serve(struct waiting *all) {
    rd_kafka_message_t *message;
    if (rd_kafka_consume_batch_queue(all->queue, 100, &message, 1) != 1) {
        return;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        all->ends++;
    } else if (message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
               && all->ends < opt.partitions) {
        fprintf(stderr, "load: %s, asked again\n", rd_kafka_message_errstr(message));
    } else if (message->err) {
        fprintf(stderr, "load: %s\n", rd_kafka_message_errstr(message));
        atomic_fetch_add(&errors, 1);
    } else {
        all->records++;
    }
    rd_kafka_message_destroy(message);
}

static int idle(void) {
    signal(SIGTERM, stop);
    struct waiting all = {0};
    for (int i = 0; i < opt.consumers && !stopped; i++) {
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        set(conf, "enable.partition.eof", "true");
        rd_kafka_t *rk = client_of(conf, RD_KAFKA_CONSUMER);
        all.queue = all.queue ? all.queue : rd_kafka_queue_new(rk);
        rd_kafka_queue_t *own = rd_kafka_queue_get_consumer(rk);
        rd_kafka_queue_forward(own, all.queue);
        rd_kafka_queue_destroy(own);
        all.assigned += wait_at_end(rk, i);
        /* Some at a time: that all come at once is not what is measured. */
        while ((i + 1) % CONSUMERS_AT_ONCE == 0 && all.ends < all.assigned && !stopped) {
            serve(&all);
        }
    }
    while (all.ends < opt.partitions && !stopped) {
        serve(&all);
    }
    if (!stopped) {
        fprintf(stderr, "ready\n");
    }
    double begun = now();
    while (!stopped) {
        serve(&all);
    }
    printf("{\"records\":%ld,\"bytes\":0,\"seconds\":%.6f,\"errors\":%ld,\"missing\":%ld}\n",
           all.records, now() - begun, atomic_load(&errors) + all.records,
           all.ends < opt.partitions ? opt.partitions - all.ends : 0);
    fflush(NULL);
    _exit(0); /* without five hundred orderly goodbyes, which would be a load */
}

static int evict(int count, char **files) {
    for (int i = 0; i < count; i++) {
        int fd = open(files[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fdatasync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)) {
            die(files[i], strerror(errno));
        }
        close(fd);
    }
    return 0;
}

static void parse(char *argument) {
    char *value = strchr(argument, '=');
    if (!value) {
        die(argument, "NAME=VALUE is needed");
    }
    *value++ = 0;
    if (!strncmp(argument, "conf.", 5)) {
        if (opt.confs == CONFS_MAX) {
            die(argument, "too many");
        }
        opt.names[opt.confs] = argument + 5;
        opt.values[opt.confs++] = value;
    } else if (!strcmp(argument, "bootstrap")) {
        opt.bootstrap = value;
    } else if (!strcmp(argument, "topic")) {
        opt.topic = value;
    } else {
        double number = atof(value);
        struct {
            const char *name;
            int *whole;
            long *large;
            double *real;
        } known[] = {
            {"partitions", &opt.partitions, NULL, NULL}, {"producers", &opt.producers, NULL, NULL},
            {"keys", &opt.keys, NULL, NULL},             {"size", NULL, &opt.size, NULL},
            {"stamp", &opt.stamp, NULL, NULL},           {"consumers", &opt.consumers, NULL, NULL},
            {"records", NULL, &opt.records, NULL},       {"rate", NULL, &opt.rate, NULL},
            {"seconds", NULL, NULL, &opt.seconds},       {"warmup", NULL, NULL, &opt.warmup},
            {"timeout", NULL, NULL, &opt.timeout},
        };
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (!strcmp(argument, known[i].name)) {
                if (known[i].whole) *known[i].whole = (int)number;
                if (known[i].large) *known[i].large = (long)number;
                if (known[i].real) *known[i].real = number;
                return;
            }
        }
        die(argument, "is not known");
    }
}

int main(int count, char **arguments) {
    if (count < 3) {
        die("usage", "load produce|consume|latency|idle|evict ... (see the source)");
    }
    if (!strcmp(arguments[1], "evict")) {
        return evict(count - 2, arguments + 2);
    }
    for (int i = 2; i < count; i++) {
        parse(arguments[i]);
    }
    if (!opt.bootstrap || !opt.topic || opt.partitions < 1 || opt.producers < 1 || opt.consumers < 1 ||
        opt.size < 1 ||
        opt.size > POOL_BYTES / 4 || (opt.stamp && (opt.size < 20 || opt.rate <= 0))) {
        die("usage", "bootstrap, topic, and sizes of 1 byte to 1 MB are needed");
    }
    pool = malloc(POOL_BYTES);
    uint64_t random = 1234567;
    for (int i = 0; i < POOL_BYTES; i++) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        pool[i] = i / 8 % 2 ? 'x' : (char)(random >> 56);
    }
    if (!strcmp(arguments[1], "produce")) {
        return produce();
    }
    if (!strcmp(arguments[1], "consume")) {
        return consume();
    }
    if (!strcmp(arguments[1], "latency")) {
        return latency();
    }
    if (!strcmp(arguments[1], "idle")) {
        return idle();
    }
    die(arguments[1], "is not known");
}
