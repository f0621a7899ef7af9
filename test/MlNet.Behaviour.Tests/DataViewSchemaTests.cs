using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class DataViewSchemaTests
{
    [Fact]
    public void Builder_SameNameTwice_HidesTheFirst()
    {
        DataViewSchema schema = Build(("A", NumberDataViewType.Single), ("B", TextDataViewType.Instance), ("A", NumberDataViewType.Int32));

        Assert.Equal([true, false, false], schema.Select(c => c.IsHidden));
        Assert.Equal(2, schema["A"].Index);
        Assert.Equal("A: Int32", schema["A"].ToString());
        Assert.Equal("3 columns", schema.ToString());
    }

    [Fact]
    public void Indexers_UnknownColumn_Throw()
    {
        DataViewSchema schema = Build(("A", NumberDataViewType.Single));

        Assert.Null(schema.GetColumnOrNull("B"));
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => schema["B"]);
        Assert.Equal("name", e.ParamName);
        Assert.Contains("Column 'B' not found", e.Message);
        Assert.Equal("columnIndex", Assert.Throws<ArgumentOutOfRangeException>(() => schema[1]).ParamName);
        Assert.Throws<ArgumentNullException>(() => schema[""]);
    }

    [Fact]
    public void Annotations_GiveBackWhatWasAdded()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("Kind", TextDataViewType.Instance, "x".AsMemory());
        builder.Add("Values", new VectorDataViewType(NumberDataViewType.Single, 2), (ref VBuffer<float> v) => v = new VBuffer<float>(2, [1, 2]));
        DataViewSchema.Annotations annotations = builder.ToAnnotations();

        VBuffer<float> values = default;
        annotations.GetValue("Values", ref values);
        Assert.Equal([1, 2], values.DenseValues());
        Assert.Equal("Kind, Values", annotations.ToString());
        Assert.Equal(2, annotations.Schema.Count);
    }

    [Fact]
    public void Annotations_WrongTypeOrName_Throw()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("Kind", NumberDataViewType.Int32, 3);
        DataViewSchema.Annotations annotations = builder.ToAnnotations();

        float single = 0;
        Assert.Contains("GetGetter", Assert.Throws<InvalidOperationException>(() => annotations.GetValue("Kind", ref single)).Message);
        Assert.Contains("GetValue", Assert.Throws<InvalidOperationException>(() => annotations.GetValue("Other", ref single)).Message);
        Assert.Equal("type", Assert.Throws<ArgumentException>(() => builder.AddPrimitiveValue("K", NumberDataViewType.Int32, 3f)).ParamName);
        Assert.Throws<ArgumentNullException>(() => builder.AddPrimitiveValue("", NumberDataViewType.Int32, 3));
    }

    [Fact]
    public void AnnotationsBuilder_Selector_TakesOverSome()
    {
        var first = new DataViewSchema.Annotations.Builder();
        first.AddPrimitiveValue("A", NumberDataViewType.Int32, 3);
        first.AddPrimitiveValue("B", NumberDataViewType.Int32, 4);
        var second = new DataViewSchema.Annotations.Builder();
        second.Add(first.ToAnnotations(), name => name == "B");

        int value = 0;
        second.ToAnnotations().GetValue("B", ref value);
        Assert.Equal(4, value);
        Assert.Null(second.ToAnnotations().Schema.GetColumnOrNull("A"));
        Assert.Empty(DataViewSchema.Annotations.Empty.Schema);
    }

    [Fact]
    public void Column_WithAnnotations_NamesThem()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.AddPrimitiveValue("Kind", NumberDataViewType.Int32, 3);
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", NumberDataViewType.Single, annotations.ToAnnotations());

        Assert.Equal("A: Single {Kind}", builder.ToSchema()["A"].ToString());
    }

    private static DataViewSchema Build(params (string Name, DataViewType Type)[] columns)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(columns.Select(c => new DataViewSchema.DetachedColumn(c.Name, c.Type)));
        return builder.ToSchema();
    }
}
