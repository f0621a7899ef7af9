using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.Data;

/// <summary>The decoder of compat/native/image.</summary>
internal static unsafe class NativeImages
{
    private const int Bgra = 2;
    private const long MostPixels = int.MaxValue / 4;

    public static bool TryDecode(ReadOnlySpan<byte> encoded, out int width, out int height, out byte[] pixels, out string error)
    {
        var text = new byte[256];
        fixed (byte* bytes = encoded)
        fixed (byte* message = text)
        {
            bool decoded = mlnetfm_image_decode(bytes, encoded.Length, MostPixels, minWidth: 0, minHeight: 0, Bgra, upright: 0, out Image image, message, text.Length) == 0;
            try
            {
                width = image.Width;
                height = image.Height;
                pixels = decoded ? new ReadOnlySpan<byte>(image.Pixels, checked(4 * width * height)).ToArray() : null;
                error = decoded ? null : Encoding.UTF8.GetString(text).TrimEnd('\0');
                return decoded;
            }
            finally
            {
                if (decoded)
                    mlnetfm_image_free(image.Pixels);
            }
        }
    }

    [DllImport("mlnetfm_image", ExactSpelling = true)]
    private static extern int mlnetfm_image_decode(
        byte* bytes, long length, long maxPixels, int minWidth, int minHeight, int layout, int upright, out Image image, byte* error, int errorCapacity);

    [DllImport("mlnetfm_image", ExactSpelling = true)]
    private static extern void mlnetfm_image_free(byte* pixels);

    [StructLayout(LayoutKind.Sequential)]
    private struct Image
    {
        public byte* Pixels;
        public int Width;
        public int Height;
        public int FullWidth;
        public int FullHeight;
        public int Shrink;
    }
}
