using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class TarPatternTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http://h/a.tar", "a.tar")]
    [InlineData("http://h/{08..11}.tar", "08.tar 09.tar 10.tar 11.tar")]
    [InlineData("http://h/{8..11}.tar", "8.tar 9.tar 10.tar 11.tar")]
    [InlineData("http://h/{000..6..3}.tar", "000.tar 003.tar 006.tar")]
    [InlineData("http://h/{3..1}.tar", "3.tar 2.tar 1.tar")]
    [InlineData("http://h/{a,b}-{0..1}.tar", "a-0.tar a-1.tar b-0.tar b-1.tar")]
    public void Expand_Braces_AsInAShell(string pattern, string expected) =>
        Assert.Equal(expected.Split(' '), TarPattern.Expand(pattern).Select(address => address["http://h/".Length..]));

    [Theory]
    [InlineData("{0..1", "a brace is not closed")]
    [InlineData("{{0..1},2}", "braces within braces")]
    [InlineData("{x}", "neither a range")]
    [InlineData("{a..c}", "not a range of numbers")]
    [InlineData("{0..9..0}", "not a range of numbers")]
    [InlineData("{0..2000000}", "the maximum is 1000000")]
    [InlineData("{0..2147483647}", "the maximum is 1000000")]
    [InlineData("s3://bucket/a.tar", "http or https")]
    [InlineData("pipe:curl x", "http or https")]
    [InlineData("*/a.tar", "only the name of the file")]
    [InlineData("", "is empty")]
    public void Expand_Invalid_SaysWhy(string pattern, string expected)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => TarPattern.Expand(pattern).ToArray());

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Expand_Wildcards_AreInOrdinalOrder()
    {
        foreach (string name in (string[])["b-10.tar", "b-2.tar", "b-1.txt", "a.tar"])
        {
            _folder.Write(name, "");
        }

        Assert.Equal([_folder["b-10.tar"], _folder["b-2.tar"]], TarPattern.Expand(_folder["b-*.tar"]));
        Assert.Equal([_folder["b-2.tar"]], TarPattern.Expand(_folder["b-?.tar"]));
    }

    [Fact]
    public void Expand_FileWithBracesInItsName_IsThatFile() => Assert.Equal([_folder.Write("{0..1}.tar", "")], TarPattern.Expand(_folder["{0..1}.tar"]));

    [Fact]
    public void Expand_MissingFile_IsNamed()
    {
        _folder.Write("0.tar", "");

        Assert.Contains(_folder["1.tar"], Assert.Throws<FileNotFoundException>(() => Expand("{0..1}.tar")).Message, StringComparison.Ordinal);
        Assert.Contains("No tar file matches", Assert.Throws<FileNotFoundException>(() => Expand("x*.tar")).Message, StringComparison.Ordinal);
        Assert.Contains("*.tar", Assert.Throws<FileNotFoundException>(() => Expand("")).Message, StringComparison.Ordinal);

        string[] Expand(string name) => [.. TarPattern.Expand(_folder[name])];
    }
}
