# No tests: built on demand by tests/bench/micro, or by hand.
add_executable(bench_micro EXCLUDE_FROM_ALL bench/micro.c)
target_link_libraries(bench_micro PRIVATE gw_testsupport gw_flags)
add_executable(bench_micro_lookup EXCLUDE_FROM_ALL bench/micro_lookup.c)
target_link_libraries(bench_micro_lookup PRIVATE gw_testsupport gw_flags)
add_executable(bench_calls EXCLUDE_FROM_ALL bench/calls.c bench/calls_text.c)
target_link_libraries(bench_calls PRIVATE gw_testsupport gw_flags)
