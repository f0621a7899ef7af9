using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Native;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

[Collection(TrainedModelCollection.Name)]
public sealed class ScoreSchemaTests(TrainedModel trained)
{
    private static readonly string[] Common = ["ScoreColumnSetId", "ScoreColumnKind", "ScoreValueKind"];

    [Fact]
    public void GetOutputSchema_TextKeys_MatchesOfficialTrainers()
    {
        SchemaShape output = Tiny.Pipeline(trained.Context).GetOutputSchema(Internals.ShapeOf(trained.Rows.Schema));

        Assert.Equal(["Score", "PredictedLabel"], output.Select(column => column.Name).TakeLast(2));
        SchemaShape.Column score = output.Single(column => column.Name == "Score");
        Assert.Equal((VectorKind.Vector, NumberDataViewType.Single, false), (score.Kind, score.ItemType, score.IsKey));
        Assert.Equal(["SlotNames", "TrainingLabelValues", .. Common], score.Annotations.Select(annotation => annotation.Name));
        SchemaShape.Column label = output.Single(column => column.Name == "PredictedLabel");
        Assert.Equal((VectorKind.Scalar, NumberDataViewType.UInt32, true), (label.Kind, label.ItemType, label.IsKey));
        Assert.Equal(["KeyValues", .. Common], label.Annotations.Select(annotation => annotation.Name));
    }

    [Fact]
    public void Transform_TextKeys_AddsPredictedLabelAndScoreWithAnnotations()
    {
        DataViewSchema schema = trained.Transformer.Transform(trained.Loaded).Schema;

        Assert.Equal(["PredictedLabel", "Score"], schema.Select(column => column.Name).TakeLast(2));
        DataViewSchema.Column label = schema["PredictedLabel"];
        Assert.Equal(new KeyDataViewType(typeof(uint), 3), label.Type);
        Assert.Equal(ColoredImages.Names.Order(), Texts(label, "KeyValues").Order());
        Assert.Equal("PredictedLabel", Text(label, "ScoreValueKind"));
        DataViewSchema.Column score = schema["Score"];
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 3), score.Type);
        Assert.Equal(Texts(label, "KeyValues"), Texts(score, "SlotNames"));
        Assert.Equal(Texts(label, "KeyValues"), Texts(score, "TrainingLabelValues"));
        Assert.Equal("Score", Text(score, "ScoreValueKind"));
        Assert.Equal("MulticlassClassification", Text(score, "ScoreColumnKind"));
        Assert.Equal((1u, 1u), (SetId(label), SetId(score)));
    }

    [Fact]
    public void Transform_SecondScorer_GetsTheNextSetId()
    {
        IDataView twice = trained.Transformer.Transform(trained.Transformer.Transform(trained.Loaded));

        Assert.Equal(2u, SetId(twice.Schema["Score"]));
        Assert.Equal(2, twice.Schema.Count(column => column.Name == "Score"));
    }

    [Fact]
    public void Transform_Schema_MatchesGetOutputSchema()
    {
        SchemaShape promised = Tiny.Pipeline(trained.Context).GetOutputSchema(Internals.ShapeOf(trained.Rows.Schema));

        SchemaShape real = Internals.ShapeOf(trained.Model.GetOutputSchema(trained.Rows.Schema));

        foreach (SchemaShape.Column column in promised)
        {
            SchemaShape.Column other = real.Single(other => other.Name == column.Name);
            Assert.Equal(Internals.TypeName(column), Internals.TypeName(other));
            Assert.Equal(
                column.Annotations.Select(annotation => (annotation.Name, Internals.TypeName(annotation))).Order(),
                other.Annotations.Select(annotation => (annotation.Name, Internals.TypeName(annotation))).Order()
            );
        }
    }

    [Theory]
    [InlineData(typeof(uint), "UInt32")]
    [InlineData(typeof(float), "Single")]
    public void Extend_NumericKeys_HasNoSlotNames(Type type, string name)
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(
            new[]
            {
                new NumberedRow { Number = 7 },
                new NumberedRow { Number = 5 },
            }
        );
        IDataView keyed = ml.Transforms.Conversion.MapValueToKey("Label", type == typeof(uint) ? "Number" : "Real").Fit(rows).Transform(rows);
        ClassKeys keys = ClassKeys.Of(keyed.Schema["Label"]);

        DataViewSchema schema = ScoreSchema.Extend(rows.Schema, new ScoringSettings(), keys, isMultilabel: false);

        Assert.Equal(name, keys.ItemName);
        Assert.Equal(["7", "5"], keys.Names);
        Assert.Null(schema["Score"].Annotations.Schema.GetColumnOrNull("SlotNames"));
        VectorDataViewType values = Assert.IsType<VectorDataViewType>(schema["Score"].Annotations.Schema["TrainingLabelValues"].Type);
        Assert.Equal((type, 2), (values.ItemType.RawType, values.Size));
        Assert.Equal(type, ((VectorDataViewType)schema["PredictedLabel"].Annotations.Schema["KeyValues"].Type).ItemType.RawType);
    }

    [Fact]
    public void Extend_KeysWithoutValues_HasNoNames()
    {
        IDataView rows = new MLContext().Data.LoadFromEnumerable(Array.Empty<EncodedImage>());
        ClassKeys keys = ClassKeys.Of(rows.Schema["Label"]);

        DataViewSchema schema = ScoreSchema.Extend(rows.Schema, new ScoringSettings(), keys, isMultilabel: false);

        Assert.Equal(["0", "1", "2"], keys.Names);
        Assert.Equal(Common.Order(), schema["Score"].Annotations.Schema.Select(column => column.Name).Order());
        Assert.Equal(Common.Order(), schema["PredictedLabel"].Annotations.Schema.Select(column => column.Name).Order());
    }

    [Fact]
    public void GetOutputSchema_MissingColumnOrOtherType_ThrowsLikeMlNet()
    {
        SchemaShape input = Internals.ShapeOf(trained.Loaded.Schema);

        Assert.Equal("Could not find label column 'Nope' (Parameter 'inputSchema')", MessageFor(new() { LabelColumnName = "Nope" }));
        Assert.Equal("Could not find image column 'Nope' (Parameter 'inputSchema')", MessageFor(new() { ImageColumnName = "Nope" }));
        Assert.Equal(
            "Schema mismatch for label column 'ImagePath': expected Key<UInt32>, got String. Map it to a key first: "
                + "mlContext.Transforms.Conversion.MapValueToKey(\"ImagePath\"). (Parameter 'inputSchema')",
            MessageFor(new() { LabelColumnName = "ImagePath" })
        );
        Assert.Equal(
            "Schema mismatch for image column 'Label': expected VarVector<Byte>, Vector<Single>, Image or Text, got Key<UInt32> (Parameter 'inputSchema')",
            MessageFor(new() { ImageColumnName = "Label" })
        );

        string MessageFor(FeatureMiningOptions options) =>
            Assert
                .Throws<ArgumentOutOfRangeException>(() => trained.Context.MulticlassClassification.Trainers.FeatureMining(options).GetOutputSchema(input))
                .Message;
    }

    private static string[] Texts(DataViewSchema.Column column, string kind)
    {
        VBuffer<ReadOnlyMemory<char>> values = default;
        column.Annotations.GetValue(kind, ref values);
        return [.. values.DenseValues().Select(value => value.ToString())];
    }

    private static string Text(DataViewSchema.Column column, string kind)
    {
        ReadOnlyMemory<char> value = default;
        column.Annotations.GetValue(kind, ref value);
        return value.ToString();
    }

    private static uint SetId(DataViewSchema.Column column)
    {
        uint value = 0;
        column.Annotations.GetValue("ScoreColumnSetId", ref value);
        return value;
    }

    private sealed class NumberedRow
    {
        public uint Number { get; set; }

        public float Real => Number;
    }
}
