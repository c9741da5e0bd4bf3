# lint.NAME runs tests/lint/NAME.py on the tree, lint.NAME.self on its own
# fixture, in which it must find exactly what is wrong.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

foreach(name banned comments format headers layers man manual names scripts
	sizes unit)
	add_test(NAME lint.${name} COMMAND ${Python3_EXECUTABLE} -B
		${CMAKE_CURRENT_LIST_DIR}/${name}.py ${CMAKE_SOURCE_DIR})
	list(APPEND lints ${name})
endforeach()

# Reads the libraries of this build; sanitizers add state of their own.
if(NOT GW_SANITIZE AND NOT GW_FUZZ)
	add_test(NAME lint.globals COMMAND ${Python3_EXECUTABLE} -B
		${CMAKE_CURRENT_LIST_DIR}/globals.py ${CMAKE_BINARY_DIR})
	list(APPEND lints globals)
endif()

foreach(name ${lints})
	add_test(NAME lint.${name}.self COMMAND ${Python3_EXECUTABLE} -B
		${CMAKE_CURRENT_LIST_DIR}/selftest.py ${name})
	set_tests_properties(lint.${name} lint.${name}.self PROPERTIES
		LABELS lint TIMEOUT 120 SKIP_RETURN_CODE 77
		ENVIRONMENT "CC=${CMAKE_C_COMPILER}")
endforeach()
