# After find_package(oss_upload) there are these targets:
#
#   oss_upload::shared       the shared library
#   oss_upload::static       the static library, with what it needs of the system
#   oss_upload::oss_upload   the shared library, or the static one where there is no other
#
# All paths start from that of this file, so that what is installed can be moved as a whole.

if(TARGET oss_upload::oss_upload)
    return()
endif()

get_filename_component(_oss_upload_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

foreach(_oss_upload_libdir IN ITEMS "lib/${CMAKE_LIBRARY_ARCHITECTURE}" lib lib64)
    set(_oss_upload_library "${_oss_upload_prefix}/${_oss_upload_libdir}/liboss_upload")
    if(EXISTS "${_oss_upload_library}.so" AND NOT TARGET oss_upload::shared)
        add_library(oss_upload::shared SHARED IMPORTED)
        set_target_properties(oss_upload::shared PROPERTIES
            IMPORTED_LOCATION "${_oss_upload_library}.so"
            INTERFACE_INCLUDE_DIRECTORIES "${_oss_upload_prefix}/include")
    endif()
    if(EXISTS "${_oss_upload_library}.a" AND NOT TARGET oss_upload::static)
        add_library(oss_upload::static STATIC IMPORTED)
        set_target_properties(oss_upload::static PROPERTIES
            IMPORTED_LOCATION "${_oss_upload_library}.a"
            IMPORTED_LINK_INTERFACE_LANGUAGES C
            INTERFACE_INCLUDE_DIRECTORIES "${_oss_upload_prefix}/include"
            INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl;c")
    endif()
endforeach()

foreach(_oss_upload_kind IN ITEMS shared static)
    if(TARGET oss_upload::${_oss_upload_kind} AND NOT TARGET oss_upload::oss_upload)
        add_library(oss_upload::oss_upload INTERFACE IMPORTED)
        set_target_properties(oss_upload::oss_upload PROPERTIES
            INTERFACE_LINK_LIBRARIES oss_upload::${_oss_upload_kind})
    endif()
endforeach()

if(NOT TARGET oss_upload::oss_upload)
    set(oss_upload_FOUND FALSE)
    set(oss_upload_NOT_FOUND_MESSAGE "there is no liboss_upload below ${_oss_upload_prefix}")
endif()

unset(_oss_upload_prefix)
unset(_oss_upload_libdir)
unset(_oss_upload_library)
unset(_oss_upload_kind)
