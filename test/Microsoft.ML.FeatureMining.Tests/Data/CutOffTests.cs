using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Tests.Data;

public sealed class CutOffTests
{
    public static TheoryData<string> Pictures => [.. Goldens.Pictures.Where(name => Check(name) is not null)];

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Check_WholeFile_IsNotCutOff(string name)
    {
        Assert.False(Check(name)!(Goldens.Picture(name)));
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Check_AnyBeginning_IsCutOff(string name)
    {
        byte[] file = Goldens.Picture(name);
        int end = Goldens.EndOfPixels(name, file);

        for (int length = 0; length < end; length++)
            Assert.True(Check(name)!(file.AsSpan(0, length)), $"{length} of {file.Length} bytes");
    }

    private static Func<ReadOnlySpan<byte>, bool>? Check(string name) => Path.GetExtension(name) switch
    {
        ".jpg" => CutOff.Jpeg,
        ".bmp" when !name.StartsWith("runs") => CutOff.Bmp,
        ".gif" => CutOff.Gif,
        ".webp" => CutOff.WebP,
        _ => null,
    };
}
