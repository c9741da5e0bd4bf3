# live.NAME runs tests/live/PROGRAM.py against the gateway of this build.
# Each test has loopback addresses of its own, so they run side by side.
if(NOT TARGET mcxgw)
	return()
endif()
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

if(GW_SANITIZE OR GW_FUZZ)
	set(live_environment GW_LIVE_PATIENCE=4 GW_LIVE_SANITIZED=yes)
endif()

# Debian's modules for Python (h2) are those of its own interpreter.
find_program(GW_DEBIAN_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(NOT GW_DEBIAN_PYTHON)
	set(GW_DEBIAN_PYTHON ${Python3_EXECUTABLE})
endif()

# A client certificate for h2load; not of the project's own flags, as it runs
# inside a program that has no sanitizer.
add_library(clientcert MODULE
	${CMAKE_CURRENT_LIST_DIR}/../support/preload/clientcert.c)
target_link_libraries(clientcert PRIVATE OpenSSL::SSL ${CMAKE_DL_LIBS})

function(gw_live name program)
	cmake_parse_arguments(arg "ALONE;DEBIAN" "TIMEOUT" "" ${ARGN})
	set(python ${Python3_EXECUTABLE})
	if(arg_DEBIAN)
		set(python ${GW_DEBIAN_PYTHON})
	endif()
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 120)
	endif()
	if(GW_SANITIZE)
		math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 4")
	endif()
	add_test(NAME live.${name} COMMAND ${python} -B
		${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${program}.py
		${arg_UNPARSED_ARGUMENTS})
	set_tests_properties(live.${name} PROPERTIES LABELS live
		TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
		ENVIRONMENT "MCXGW=$<TARGET_FILE:mcxgw>;GW_CLIENTCERT=$<TARGET_FILE:clientcert>;${live_environment}")
	if(arg_ALONE)
		set_tests_properties(live.${name} PROPERTIES RUN_SERIAL ON)
	endif()
endfunction()

gw_live(calls.udp calls udp udp)
gw_live(calls.tcp calls tcp tcp)
gw_live(calls.tls calls tls tls)
gw_live(calls.mixed calls udp tls)
gw_live(calls.ipv6 calls udp tls ipv6)
gw_live(rows rows)
gw_live(commands commands)
gw_live(decode decode)
gw_live(rfc4475 rfc4475)
gw_live(restart restart)
gw_live(twonodes twonodes)
gw_live(config config)
gw_live(tls tls)
# A rate is only what it is meant to be when nothing else uses the machine.
gw_live(reload reload ALONE)
gw_live(abuse abuse TIMEOUT 240)
gw_live(kamailio.udp kamailio udp udp)
gw_live(kamailio.tcp kamailio tcp tcp)
gw_live(kamailio.mixed kamailio udp tls)
gw_live(sipp sippcalls)
gw_live(redirect.tcp redirect tcp)
gw_live(redirect.udp redirect udp)
gw_live(redirect.odd redirect_odd TIMEOUT 240)
gw_live(leaks leaks TIMEOUT 240)
gw_live(lookups lookups DEBIAN)
gw_live(lookup_decisions lookup_decisions DEBIAN)
gw_live(lookup_flood lookup_flood DEBIAN)
# Times are compared: nothing else may come between.
gw_live(lookup_alike lookup_alike ALONE DEBIAN)
gw_live(http_attacks http_attacks TIMEOUT 240 DEBIAN)
gw_live(http_tls http_tls DEBIAN)
gw_live(http_drain http_drain DEBIAN)
gw_live(kms_pass kms_pass DEBIAN)
