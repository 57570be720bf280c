# SPDX-License-Identifier: Apache-2.0

# OpenTelemetry's protos and the error details of gRPC come from Maven Central at build time, never from this repository.
# proto/fetch_otlp_protos.sh unpacks them under the cache and checks every file against proto/otlp_protos.lock.
execute_process(
  COMMAND ${PROJECT_SOURCE_DIR}/proto/fetch_otlp_protos.sh ${TRAFFICTAP_CACHE}
  OUTPUT_VARIABLE OTLP_PROTO_DIR OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "could not fetch OpenTelemetry's protos: see the message above")
endif()
