using Microsoft.ML.FeatureMining.Datasets;

namespace Fuzz.Targets;

/// <summary>An annotation of Pascal VOC, as XML.</summary>
internal sealed class VocTarget() : FileTarget(".xml")
{
    public override string Name => "voc";

    public override IEnumerable<byte[]> Seeds() =>
        [
            Utf8(
                """
                <annotation><owner><name>x</name></owner><size><width>100</width><height>80</height></size>
                <object><name>dog</name><difficult>0</difficult><truncated>1</truncated><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>50</xmax><ymax>60</ymax></bndbox>
                <part><name>head</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></part></object></annotation>
                """
            ),
        ];

    protected override void ReadFile(string path) => VocAnnotation.Read(path, "image.jpg");
}
