using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>A picture file, opened only when its pixels are wanted.</summary>
internal sealed class FileRowImage(string path, ImagePreprocessing preprocessing, long maxPixels) : RowImage
{
    public override long Bytes => 0;

    public override byte[] ToPixels()
    {
        try
        {
            return preprocessing.Apply(File.ReadAllBytes(path), maxPixels);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ImageDecodeException(e.Message, e);
        }
    }
}
