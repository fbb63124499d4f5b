package io.headrace.gateway.config;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.info.License;
import io.swagger.v3.oas.models.servers.Server;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

import java.util.List;

/** The frame of the OpenAPI document; the operations describe themselves. */
@Configuration(proxyBeanMethods = false)
class OpenApiConfiguration {

    @Bean
    @Lazy
    OpenAPI openApi() {
        return new OpenAPI()
                .info(
                        new Info()
                                .title("Headrace")
                                .version("v1")
                                .description(
                                        """
                                        Publish, read and administer streams of records over HTTP. \
                                        The examples work when tried: begin with `POST /api/v1/topics`, \
                                        which creates the topic `quickstart`.

                                        The WebSocket at `/api/v1/ws` subscribes to many topics and \
                                        produces over one connection: [its protocol](/websocket.html).

                                        Every error is an `application/problem+json` document \
                                        (RFC 9457) that says what to do; `error` is Kafka's name of \
                                        it, `retriable` whether trying again can help.
                                        """)
                                .license(new License().name("Apache 2.0").identifier("Apache-2.0")))
                .servers(List.of(new Server().url("/").description("this gateway")));
    }
}
