using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Images;

/// <summary>What a row holds, copied out of it: it can be turned into pixels later and on another thread.</summary>
internal abstract class RowImage
{
    /// <summary>The memory it takes, so that a reader knows when it has enough of them.</summary>
    public abstract long Bytes { get; }

    /// <summary>The file that its pixels come from; null where they come out of the row.</summary>
    public virtual string? File => null;

    /// <summary>The same picture for a network that asks for another preprocessing.</summary>
    public abstract RowImage For(ImagePreprocessing preprocessing);

    /// <summary>Bytes of its pixels.</summary>
    protected abstract int PixelBytes { get; }

    /// <summary>The raw bytes of an image as the network takes it, [C,H,W]: a byte or a little-endian float each.</summary>
    /// <exception cref="ImageDecodeException">There is no image in it.</exception>
    public byte[] ToPixels()
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(PixelBytes);
        Read(pixels);
        return pixels;
    }

    /// <summary>The same into memory that is there; as long as an image is.</summary>
    /// <exception cref="ImageDecodeException">There is no image in it.</exception>
    public abstract void Read(Memory<byte> pixels);

    /// <summary>A hash of what it holds; of a file, which is not opened for it, of its name, length and time.</summary>
    public abstract byte[] ContentHash();
}
