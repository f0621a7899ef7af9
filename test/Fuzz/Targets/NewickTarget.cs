using System.Text;
using Microsoft.ML.FeatureMining.Hierarchies;

namespace Fuzz.Targets;

/// <summary>A hierarchy of classes.</summary>
internal sealed class NewickTarget : FuzzTarget
{
    public override string Name => "newick";

    public override IEnumerable<byte[]> Seeds() => [Utf8("((0,1),((2,3),(4,'5')),(6,7,8));"), Utf8("('it''s':1.5,(b,c)n:2)root;")];

    protected override void Read(byte[] input) => ClassHierarchy.Parse(Encoding.UTF8.GetString(input)).ToString();

    protected override bool IsRefusal(Exception error) => error is FormatException;
}
