# What is installed beside the program: manual pages, the systemd unit, the
# examples.  Nothing goes to /etc: the operator copies an example there.
foreach(section 1 5 8)
	file(GLOB pages CONFIGURE_DEPENDS doc/man/*.${section})
	if(pages)
		install(FILES ${pages} DESTINATION share/man/man${section})
	endif()
endforeach()

# The unit names the program where it is installed.
file(READ conf/systemd/mcxgw.service unit)
string(REPLACE /usr/bin/ "${CMAKE_INSTALL_PREFIX}/bin/" unit "${unit}")
file(WRITE ${CMAKE_BINARY_DIR}/mcxgw.service "${unit}")
install(FILES ${CMAKE_BINARY_DIR}/mcxgw.service
	DESTINATION lib/systemd/system)

install(DIRECTORY conf/ DESTINATION share/doc/mcxgw/examples
	FILES_MATCHING PATTERN *.xml
	PATTERN schema EXCLUDE PATTERN systemd EXCLUDE
	PATTERN demo EXCLUDE PATTERN pki EXCLUDE)
install(FILES README.md LICENSE SECURITY.md DESTINATION share/doc/mcxgw)
file(GLOB guides CONFIGURE_DEPENDS docs/*.md)
install(FILES ${guides} DESTINATION share/doc/mcxgw/docs)
