using System.Text.Json;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Hierarchies;

public sealed class ClassHierarchyTests : IClassFixture<SingleThreadFixture>
{
    [Theory]
    [InlineData("small")]
    [InlineData("large")]
    public void Induce_RandomRows_MatchesTheSearchOverAllPairs(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        GoldenTensors golden = new("losses", "losses.safetensors");
        Tensor rows = golden[$"ward/{name}/rows"];
        Tensor merges = golden[$"ward/{name}/merges"];

        ClassHierarchy hierarchy = ClassHierarchy.Induce([.. TensorAssert.Values(rows).Chunk((int)rows.shape[1])]);

        IEnumerable<string> expected = TensorAssert
            .Values(merges)
            .Chunk((int)merges.shape[1])
            .Select(row => string.Concat(row.Select(value => value > 0 ? '1' : '0')));
        Assert.Equal(expected.Order(), Clades(hierarchy).Order());
    }

    [Fact]
    public void Induce_TwoGroupsOfRows_SplitsThemAtTheRoot()
    {
        ClassHierarchy hierarchy = ClassHierarchy.Induce([
            [0, 0.1f],
            [10, 10],
            [0.1f, 0],
            [10, 10.1f],
            [0, 0],
        ]);

        Assert.Contains("10101", Clades(hierarchy));
        Assert.Contains("01010", Clades(hierarchy));
    }

    [Fact]
    public void Induce_EqualRows_GivesATree() => Assert.Equal(6, ClassHierarchy.Induce([.. Enumerable.Repeat(new float[] { 1, 2 }, 6)]).ClassCount);

    [Fact]
    public void Induce_AThousandRows_IsFast()
    {
        RandomStream random = new(1, "rows");
        float[][] rows = [.. Enumerable.Range(0, 1000).Select(_ => Enumerable.Range(0, 64).Select(_ => (float)random.NextGaussian()).ToArray())];

        ClassHierarchy hierarchy = ClassHierarchy.Induce(rows);

        Assert.Equal(1000, hierarchy.ClassCount);
        Assert.Equal(hierarchy.ToString(), ClassHierarchy.Parse(hierarchy.ToString()).ToString());
    }

    [Fact]
    public void Induce_InvalidRows_AreRejected()
    {
        Assert.Throws<ArgumentException>(() =>
            ClassHierarchy.Induce([
                [1],
            ])
        );
        Assert.Throws<ArgumentException>(() =>
            ClassHierarchy.Induce([
                [1],
                [1, 2],
            ])
        );
        Assert.Throws<ArgumentException>(() =>
            ClassHierarchy.Induce([
                [1],
                [float.NaN],
            ])
        );
    }

    [Theory]
    [InlineData("(0,1);")]
    [InlineData("((0,1),(2,3,4));")]
    [InlineData("(4,((0,3),1,2));")]
    [InlineData("((((0,1),2),3),4);")]
    public void Parse_Numbers_RoundTrip(string text) => Assert.Equal(text, ClassHierarchy.Parse(text).ToString());

    [Fact]
    public void Parse_Names_BecomeTheirClasses() =>
        Assert.Equal("((2,0),(1,3));", ClassHierarchy.Parse(" ( (cat , 'a dog') , ('it''s', 'x(y)') ) ;\n", ["a dog", "it's", "cat", "x(y)"]).ToString());

    [Theory]
    [InlineData("", "character 1")]
    [InlineData("(0,1)", "';' was expected")]
    [InlineData("(0,1", "',' was expected")]
    [InlineData("(0,1);x", "text after the semicolon")]
    [InlineData("(0,1));", "';' was expected")]
    [InlineData("(0,(1));", "needs at least two")]
    [InlineData("((0,1));", "needs at least two")]
    [InlineData("(0,);", "a class was expected")]
    [InlineData("(0,1)a;", "';' was expected")]
    [InlineData("(0:1,1:1);", "'0:1' is not a class number")]
    [InlineData("(0,1,1);", "'1' appears twice")]
    [InlineData("(0,2);", "class 1 is missing")]
    [InlineData("(0,-1);", "'-1' is not a class number")]
    [InlineData("(0,99999999999);", "is not a class number")]
    [InlineData("0;", "at least two classes")]
    [InlineData("(0,'1);", "no closing quote")]
    public void Parse_InvalidText_NamesTheError(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => ClassHierarchy.Parse(text)).Message, StringComparison.OrdinalIgnoreCase);

    [Theory]
    [InlineData("(a,b);", "'c' is missing from the hierarchy")]
    [InlineData("(a,b,d);", "'d' is not the name of a class")]
    [InlineData("(a,b,c,a);", "'a' appears twice")]
    public void Parse_WrongNames_AreInTheMessage(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => ClassHierarchy.Parse(text, ["a", "b", "c"])).Message);

    [Fact]
    public void Parse_ADeepTree_DoesNotOverflow()
    {
        const int Depth = 200_000;
        string deep = new string('(', Depth) + "0" + string.Concat(Enumerable.Range(1, Depth).Select(i => $",{i})")) + ";";

        Assert.Equal(deep, ClassHierarchy.Parse(deep).ToString());
        Assert.Throws<FormatException>(() => ClassHierarchy.Parse(new string('(', Depth)));
    }

    [Fact]
    public void Read_InvalidFile_NamesTheFile()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "(0,1");

        string message = Assert.Throws<FormatException>(() => ClassHierarchy.Read(path)).Message;

        File.Delete(path);
        Assert.Contains(path, message);
    }

    [Fact]
    public void Json_Hierarchy_IsOneString()
    {
        string text = JsonSerializer.Serialize(ClassHierarchy.Parse("(0,(1,2));"));

        Assert.Equal("\"(0,(1,2));\"", text);
        Assert.Equal("(0,(1,2));", JsonSerializer.Deserialize<ClassHierarchy>(text)!.ToString());
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ClassHierarchy>("\"(0\""));
    }

    /// <summary>The leaves below each inner node, as ones and zeros.</summary>
    private static List<string> Clades(ClassHierarchy hierarchy)
    {
        Dictionary<int, char[]> below = [];
        for (int leaf = 0; leaf < hierarchy.Nodes.Count; leaf++)
        {
            for (int node = hierarchy.Nodes[leaf].Parent; hierarchy.Nodes[leaf].Class >= 0 && node >= 0; node = hierarchy.Nodes[node].Parent)
            {
                below.TryAdd(node, [.. Enumerable.Repeat('0', hierarchy.ClassCount)]);
                below[node][hierarchy.Nodes[leaf].Class] = '1';
            }
        }

        return [.. below.Values.Select(leaves => new string(leaves))];
    }
}
