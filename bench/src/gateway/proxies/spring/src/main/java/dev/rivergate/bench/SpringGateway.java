package dev.rivergate.bench;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import java.security.Principal;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.security.oauth2.resource.reactive.JwkSetUriReactiveJwtDecoderBuilderCustomizer;
import org.springframework.cloud.gateway.filter.ratelimit.KeyResolver;
import org.springframework.context.annotation.Bean;

/** Spring Cloud Gateway as application.yml sets it up. */
@SpringBootApplication
public class SpringGateway {
  public static void main(String[] arguments) {
    SpringApplication.run(SpringGateway.class, arguments);
  }

  /** Requests are counted for the subject of their token. */
  @Bean
  KeyResolver subject() {
    return exchange -> exchange.getPrincipal().map(Principal::getName);
  }

  /** Access tokens name their type (RFC 9068, section 2.1), of which Spring knows nothing by itself. */
  @Bean
  JwkSetUriReactiveJwtDecoderBuilderCustomizer accessTokenType() {
    return decoder ->
        decoder.jwtProcessorCustomizer(
            processor ->
                processor.setJWSTypeVerifier(
                    new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt"))));
  }
}
