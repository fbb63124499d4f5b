package io.headrace.gateway.config;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Turns on the parts of Spring Boot that the gateway uses, by name in {@code
 * META-INF/spring/io.headrace.gateway.config.GatewayAutoConfigurations.imports}. What else lies on
 * a shared class path (a database, another service's web stack) stays off, and starting is quicker.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ImportAutoConfiguration
@interface GatewayAutoConfigurations {}
