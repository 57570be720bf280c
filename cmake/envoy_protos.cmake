# SPDX-License-Identifier: Apache-2.0

# Envoy's protos come from an npm package at build time, never from this repository. proto/fetch_envoy_protos.sh
# unpacks them under the cache and checks every file against proto/envoy_protos.lock.
set(TRAFFICTAP_CACHE "$ENV{TRAFFICTAP_CACHE}" CACHE PATH "what was fetched and built is cached here between builds")
if(NOT TRAFFICTAP_CACHE)
  set(TRAFFICTAP_CACHE "$ENV{HOME}/.cache/traffictap")
endif()
execute_process(
  COMMAND ${PROJECT_SOURCE_DIR}/proto/fetch_envoy_protos.sh ${TRAFFICTAP_CACHE}
  OUTPUT_VARIABLE ENVOY_PROTO_DIR OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "could not fetch Envoy's protos: see the message above")
endif()
