/* Recodes a JPEG with arithmetic coding, coefficients as they are: arithmetic [-progressive] < in.jpg > out.jpg. Pillow can read such files but not write them. */
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

int main(int count, char** arguments) {
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct in;
    struct jpeg_compress_struct out;
    in.err = out.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&in);
    jpeg_create_compress(&out);
    jpeg_stdio_src(&in, stdin);
    jpeg_read_header(&in, TRUE);
    jvirt_barray_ptr* coefficients = jpeg_read_coefficients(&in);
    jpeg_copy_critical_parameters(&in, &out);
    out.arith_code = TRUE;
    if (count > 1 && strcmp(arguments[1], "-progressive") == 0)
        jpeg_simple_progression(&out);
    jpeg_stdio_dest(&out, stdout);
    jpeg_write_coefficients(&out, coefficients);
    jpeg_finish_compress(&out);
    jpeg_destroy_compress(&out);
    jpeg_finish_decompress(&in);
    jpeg_destroy_decompress(&in);
    return 0;
}
