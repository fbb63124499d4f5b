/*
 * Many WebSocket subscribers of one topic, in one thread; prints one line of JSON.
 *
 *   fanout HOST PORT TOPIC SUBSCRIBERS RECORDS GATHER
 *
 * Every subscriber asks for records to be gathered for up to GATHER ms into one frame, and is to
 * get RECORDS records whose values begin with "@SECONDS@", the monotonic time at which they were
 * due (load.c, stamp=1). Says "subscribed" on standard error once all are, ends when all have
 * everything, or after 15 s without any byte.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STAMP = 19, CARRY = 32, BUCKETS = 2000, READ = 256 << 10 };

struct subscriber {
    int fd;
    long records;
    char carry[CARRY]; /* the end of the last read: a stamp may be cut in two */
    int carried;
};

static long histogram[BUCKETS]; /* by 1 % steps from 10 microseconds */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "fanout: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void note(double seconds) {
    static double step;
    step = step ? step : log(1.01);
    double bucket = seconds <= 1e-5 ? 0 : ceil(log(seconds * 1e5) / step);
    histogram[bucket < BUCKETS ? (int)bucket : BUCKETS - 1]++;
}

static double quantile(double q, long total) {
    long seen = 0;
    double limit = 1e-5;
    for (int i = 0; i < BUCKETS; i++, limit *= 1.01) {
        seen += histogram[i];
        if (seen >= q * total) {
            return limit * 1000;
        }
    }
    return limit * 1000;
}

/* A decimal number without a sign, up to whatever follows it. */
static double decimal(const char *at) {
    int64_t number = 0, scale = 1;
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (*at - '0');
    }
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++, scale *= 10) {
            number = number * 10 + (*at - '0');
        }
    }
    return (double)number / scale;
}

static void send_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = write(fd, bytes, length);
        if (sent < 0) {
            die("write");
        }
        bytes += sent, length -= sent;
    }
}

static void send_text(int fd, const char *text) {
    unsigned char head[8] = {0x81};
    size_t length = strlen(text);
    int at = 2;
    if (length < 126) {
        head[1] = 0x80 | length;
    } else {
        head[1] = 0x80 | 126, head[2] = length >> 8, head[3] = length & 255, at = 4;
    }
    memset(head + at, 0, 4); /* a mask of zeros leaves the text as it is */
    send_all(fd, (char *)head, at + 4);
    send_all(fd, text, length);
}

static int subscribe(struct addrinfo *address, const char *host, const char *port,
                     const char *topic, int gather) {
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0 || connect(fd, address->ai_addr, address->ai_addrlen)) {
        die("connect");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    char text[1024];
    snprintf(text, sizeof text,
             "GET /api/v1/ws HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\n\r\n",
             host, port);
    send_all(fd, text, strlen(text));
    snprintf(text, sizeof text,
             "{\"op\":\"subscribe\",\"id\":\"1\",\"sub\":\"s\",\"topics\":[\"%s\"],\"gatherMs\":%d}",
             topic, gather);
    /* The answer to the upgrade must be whole before frames are sent. */
    char answer[4096];
    size_t have = 0;
    while (!memmem(answer, have, "\r\n\r\n", 4)) {
        ssize_t got = read(fd, answer + have, sizeof answer - have);
        if (got <= 0 || (have += got) == sizeof answer) {
            die("upgrade");
        }
    }
    if (strncmp(answer, "HTTP/1.1 101", 12)) {
        die("upgrade refused");
    }
    send_text(fd, text);
    /* "subscribed" comes once the subscription has its place. */
    while (!memmem(answer, have, "\"subscribed\"", 12)) {
        ssize_t got = read(fd, answer + have, sizeof answer - have);
        if (got <= 0 || (have += got) == sizeof answer) {
            die("subscribe");
        }
    }
    return fd;
}

/* Counts the stamps in what came; each record has one. */
static void scan(struct subscriber *s, char *bytes, long length, double seen) {
    char *at = bytes, *end = bytes + length;
    while ((at = memchr(at, '@', end - at))) {
        if (end - at < STAMP) {
            break;
        }
        if (at[STAMP - 1] == '@') {
            s->records++;
            note(seen - decimal(at + 1));
            at += STAMP;
        } else {
            at++;
        }
    }
    s->carried = at ? (int)(end - at) : 0;
    if (at) {
        memcpy(s->carry, at, s->carried);
    }
}

int main(int count, char **arguments) {
    if (count != 7) {
        fprintf(stderr, "usage: fanout HOST PORT TOPIC SUBSCRIBERS RECORDS GATHER\n");
        return 2;
    }
    int subscribers = atoi(arguments[4]);
    long expected = atol(arguments[5]) * subscribers, total = 0, bytes = 0;
    struct addrinfo *address;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    if (getaddrinfo(arguments[1], arguments[2], &hints, &address)) {
        die("address");
    }
    struct subscriber *all = calloc(subscribers, sizeof *all);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < subscribers; i++) {
        all[i].fd = subscribe(address, arguments[1], arguments[2], arguments[3],
                              atoi(arguments[6]));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event);
    }
    fprintf(stderr, "subscribed\n");
    char *buffer = malloc(CARRY + READ);
    double begun = 0, last = now();
    long gone = 0;
    while (total < expected && now() - last < 15 && gone < subscribers) {
        struct epoll_event events[256];
        int ready = epoll_wait(poll, events, 256, 1000);
        for (int i = 0; i < ready; i++) {
            struct subscriber *s = events[i].data.ptr;
            memcpy(buffer, s->carry, s->carried);
            ssize_t got = read(s->fd, buffer + s->carried, READ);
            if (got <= 0) {
                fprintf(stderr, "fanout: a subscriber was cut off\n");
                epoll_ctl(poll, EPOLL_CTL_DEL, s->fd, NULL);
                gone++;
                continue;
            }
            long before = s->records;
            double seen = now();
            scan(s, buffer, s->carried + got, seen);
            total += s->records - before;
            bytes += got;
            if (s->records > before) {
                last = seen;
                begun = begun ? begun : seen;
            }
        }
    }
    printf("{\"records\":%ld,\"bytes\":%ld,\"seconds\":%.6f,\"errors\":%ld,\"missing\":%ld", total,
           bytes, last - begun, gone, expected - total);
    printf(",\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}\n",
           quantile(0.5, total), quantile(0.9, total), quantile(0.99, total),
           quantile(0.999, total), quantile(1, total));
    return expected == total ? 0 : 1;
}
