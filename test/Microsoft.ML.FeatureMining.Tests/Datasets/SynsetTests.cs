using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class SynsetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadList_EveryFormat_GivesIdsAndNames()
    {
        string path = _folder.Write("synsets.txt", "n00000002 tench, Tinca tinca\nn00000001\tcrane\r\n\nn00000003\n");

        Assert.Equal([new("n00000002", "tench, Tinca tinca"), new("n00000001", "crane"), new("n00000003", "")], Synset.ReadList(path));
    }

    [Theory]
    [InlineData("n00000001\nn0000002", "line 2: 'n0000002' is not a WordNet id")]
    [InlineData("n00000001\n\n\nn00000001 again", "line 4: 'n00000001' is already on an earlier line")]
    [InlineData("n0000000x", "line 1")]
    [InlineData("\n \n", "is empty")]
    public void ReadList_Damage_NamesFileAndLine(string text, string expected)
    {
        string path = _folder.Write("synsets.txt", text);

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => Synset.ReadList(path));

        Assert.Contains(path, refusal.Message);
        Assert.Contains(expected, refusal.Message);
    }

    [Fact]
    public void ImageNetFolder_ClassesOfTheList_AreInItsOrder()
    {
        foreach (string name in (string[])["n00000001/b.JPEG", "n00000001/a.JPEG", "n00000002/sub/c.JPEG", "n00000009/d.JPEG", "n00000001/notes.txt"])
        {
            _folder.Write(name, "");
        }

        string list = _folder.Write("list.txt", "n00000002 two\nn00000001 one");

        IReadOnlyList<SynsetImageRow> files = ImageNetFolder.Read(_folder.Path, list);

        Assert.Equal(["c.JPEG", "a.JPEG", "b.JPEG"], files.Select(file => Path.GetFileName(file.ImagePath)));
        Assert.Equal(["two", "one", "one"], files.Select(file => file.Description));
    }

    [Fact]
    public void ImageNetFolder_ClassWithoutFolderOrImage_IsNamed()
    {
        _folder.Write("n00000001/notes.txt", "");

        Assert.Contains("n00000001", Assert.Throws<InvalidDataException>(() => ImageNetFolder.Read(_folder.Path, _folder.Write("a.txt", "n00000001"))).Message);
        Assert.Contains(
            "n00000002",
            Assert.Throws<DirectoryNotFoundException>(() => ImageNetFolder.Read(_folder.Path, _folder.Write("b.txt", "n00000002"))).Message
        );
    }
}
