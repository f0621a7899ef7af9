using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Tests.Files;

/// <summary>Paths of members of tar files that nobody wrote.</summary>
public sealed class TarMemberTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, int.MaxValue)]
    [InlineData(5, 6)]
    [InlineData(999_999_999_999_999_999, 1)]
    public void Read_BytesThatDoNotExist_ThrowsBeforeAllocating(long offset, int length)
    {
        string shard = _folder.Write("a.tar", "0123456789");
        TarMember real = new(shard, "a.jpg", offset, length, VersionOf(shard));
        TarMember parsed = TarMember.Parse(real.ToString())!;
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(real, parsed);
        Assert.Contains("ends after", Assert.Throws<IOException>(() => parsed.Use(_ => { })).Message, StringComparison.Ordinal);
        Assert.Contains("ends after", Assert.Throws<IOException>(() => parsed.Read()).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Parse_DigitsOfAnotherScript_IsThePathOfAFile() => Assert.Null(TarMember.Parse("tar:a.tar#b.jpg@\u0663+1~0123456789abcdef"));

    private static string VersionOf(string shard)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(shard);
        return TarMember.VersionOf(file);
    }
}
