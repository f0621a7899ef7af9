using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.MlNet.Columns;

/// <summary>The image of one row, not yet decoded. It is copied out of the row, so that it can be decoded later and on any thread.</summary>
internal sealed class ImageSource
{
    // byte[]: an encoded file; string: a path (or TarMember); DecodedImage: the pixels of an MLImage; float[]: planar floats; null: a missing MLImage.
    private readonly object? _content;

    private ImageSource(object? content, long row, string? file)
    {
        (_content, Row, File) = (content, row, file is null ? null : TarMember.NameOf(file));
    }

    /// <summary>The row's position in its data view, from 0.</summary>
    public long Row { get; }

    /// <summary>The image's file; null if the row does not name one.</summary>
    public string? File { get; }

    /// <summary>Its memory in bytes; 0 for a path.</summary>
    public long Bytes =>
        _content switch
        {
            byte[] encoded => encoded.LongLength,
            DecodedImage image => image.Pixels.LongLength,
            float[] planar => planar.LongLength * sizeof(float),
            _ => 0,
        };

    /// <summary>The bytes of an image file.</summary>
    public static ImageSource OfEncoded(byte[] encoded, long row, string? file) => new(encoded, row, file);

    /// <summary>An image file, opened when it is decoded.</summary>
    public static ImageSource OfPath(string path, long row) => new(path, row, path);

    /// <summary>Decoded pixels of any size; null if the value is missing.</summary>
    public static ImageSource OfImage(DecodedImage? image, long row, string? file) => new(image, row, file);

    /// <summary>Planar floats [C,H,W], which need no preprocessing.</summary>
    public static ImageSource OfPlanar(float[] planar, long row, string? file) => new(planar, row, file);

    /// <summary>Decodes and preprocesses the image.</summary>
    /// <param name="preprocessing">Gives size and channels; planar floats are copied as they are.</param>
    /// <param name="maxPixels">The largest image to decode, in pixels.</param>
    /// <param name="pixels">Receives [C,H,W], one byte or one little-endian float per value; exactly as long as one image.</param>
    /// <returns>The size of the image before resizing; default for planar floats.</returns>
    /// <exception cref="ImageDecodeException">The image is missing or cannot be read.</exception>
    public ImageSize Decode(ImagePreprocessing preprocessing, long maxPixels, Memory<byte> pixels)
    {
        switch (_content)
        {
            case string path:
                return DecodeFile(path, preprocessing, maxPixels, pixels);
            case byte[] { Length: 0 }:
                throw new ImageDecodeException("The value is empty. LoadRawImageBytes gives an empty value if the file is missing.");
            case byte[] encoded:
                return preprocessing.Apply(encoded, maxPixels, pixels);
            case DecodedImage image:
                return preprocessing.Apply(image, pixels.Span);
            case float[] planar when Array.TrueForAll(planar, float.IsFinite):
                MemoryMarshal.AsBytes<float>(planar).CopyTo(pixels.Span);
                return default;
            case float[]:
                throw new ImageDecodeException("A pixel value is NaN or infinite.");
            default:
                throw new ImageDecodeException("The value is missing.");
        }
    }

    /// <summary>The part of the image that the network sees, at the image's own resolution; null for planar floats, and if the image cannot be read.</summary>
    /// <param name="preprocessing">Of the network.</param>
    /// <param name="maxPixels">The largest image to decode, in pixels.</param>
    /// <param name="longest">The longer side of the result is at most this; a larger part is reduced.</param>
    public DecodedImage? View(ImagePreprocessing preprocessing, long maxPixels, int longest)
    {
        try
        {
            DecodedImage? view = null;
            switch (_content)
            {
                case string path:
                    PooledFile.Use(path, encoded => view = preprocessing.View(encoded, maxPixels, longest));
                    break;
                case byte[] encoded:
                    view = preprocessing.View(encoded, maxPixels, longest);
                    break;
                case DecodedImage image:
                    view = preprocessing.View(image, longest);
                    break;
            }

            return view;
        }
        catch (Exception e) when (e is ImageDecodeException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A hash of the content. A file is not opened: its path, length and time are hashed. The path of a TarMember has its version in it.</summary>
    public byte[] ContentHash() =>
        _content switch
        {
            string path => SHA256.HashData(Encoding.UTF8.GetBytes($"{path}\n{FileState(path)}")),
            byte[] encoded => SHA256.HashData(encoded),
            DecodedImage image => SHA256.HashData([.. BitConverter.GetBytes(image.Width), .. image.Pixels]),
            float[] planar => SHA256.HashData(MemoryMarshal.AsBytes<float>(planar)),
            _ => [],
        };

    private static ImageSize DecodeFile(string path, ImagePreprocessing preprocessing, long maxPixels, Memory<byte> pixels)
    {
        try
        {
            ImageSize size = default;
            PooledFile.Use(path, encoded => size = preprocessing.Apply(encoded, maxPixels, pixels));
            return size;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ImageDecodeException(e.Message, e);
        }
    }

    private static string FileState(string path)
    {
        try
        {
            FileInfo file = new(path);
            return file.Exists ? FormattableString.Invariant($"{file.Length} {file.LastWriteTimeUtc.Ticks}") : "missing";
        }
        // An empty path, or one that no file can have.
        catch (ArgumentException)
        {
            return "missing";
        }
    }
}
