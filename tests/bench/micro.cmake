# Not a test: built on demand by tests/bench/micro.
add_executable(bench_micro EXCLUDE_FROM_ALL bench/micro.c)
target_link_libraries(bench_micro PRIVATE gw_testsupport gw_flags)
