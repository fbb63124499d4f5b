package io.headrace.gateway.problem;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;

import reactor.core.publisher.Mono;

import tools.jackson.databind.json.JsonMapper;

import java.nio.channels.ClosedChannelException;

/** Answers every failed request with its problem document. */
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class ProblemResponses implements WebExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ProblemResponses.class);
    private static final String RETRY_AFTER_SECONDS = "1";

    private final JsonMapper mapper;

    public ProblemResponses(JsonMapper mapper) {
        this.mapper = mapper;
    }

    @Override
    public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
        ServerHttpResponse response = exchange.getResponse();
        if (response.isCommitted()) {
            if (!(failure instanceof ClosedChannelException)) {
                LOG.debug("An answer under way ended early", failure);
            }
            return Mono.error(failure);
        }
        Problem problem = Problems.of(failure);
        String path = exchange.getRequest().getPath().value();
        if (problem.status() == 500) {
            LOG.error("{} {} failed", exchange.getRequest().getMethod(), path, failure);
        }
        response.setStatusCode(HttpStatusCode.valueOf(problem.status()));
        HttpHeaders headers = response.getHeaders();
        headers.clearContentHeaders();
        headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        if (problem.status() == 503 || problem.status() == 429) {
            headers.set(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        byte[] body = mapper.writeValueAsBytes(problem.toMembers(path));
        headers.setContentLength(body.length);
        return response.writeWith(Mono.just(response.bufferFactory().wrap(body)));
    }
}
