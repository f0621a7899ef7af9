using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A column bound to a member.</summary>
internal sealed record TypedColumn(string Name, DataViewType Type, MemberInfo Member, DataViewSchema.Annotations Annotations)
{
    public static TypedColumn[] Bind(Type userType, SchemaDefinition definition, SchemaDefinition.Direction direction)
        => [.. (definition ?? SchemaDefinition.Create(userType, direction)).Select(c => Bind(userType, c))];

    public static DataViewSchema SchemaOf(TypedColumn[] columns)
    {
        var builder = new DataViewSchema.Builder();
        foreach (TypedColumn column in columns)
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        return builder.ToSchema();
    }

    private static TypedColumn Bind(Type userType, SchemaDefinition.Column column)
    {
        MemberInfo member = userType.GetField(column.MemberName) ?? (MemberInfo)userType.GetProperty(column.MemberName)
            ?? throw Contracts.ExceptParam(
                "userSchemaDefinition", $"No field or property with name '{column.MemberName}' found in type '{userType.FullName}'");
        DataViewType type = column.ColumnType ?? UserMembers.ColumnTypeOf(member);
        string name = string.IsNullOrEmpty(column.ColumnName) ? column.MemberName : column.ColumnName;
        Type itemType = UserMembers.ItemTypeOf(UserMembers.TypeOf(member), out bool isVector);
        if (isVector != type is VectorDataViewType)
        {
            throw Contracts.ExceptParam(
                "userSchemaDefinition",
                $"Column '{name}' is supposed to be {Shape(!isVector)}, but type of associated field '{column.MemberName}' is {Shape(isVector)}");
        }

        Type needed = ColumnTypes.ItemOf(type).RawType;
        Contracts.CheckParam(
            needed == itemType, "userSchemaDefinition", $"Column '{name}' is supposed to have item type {needed}, but associated field has type {itemType}");
        return new TypedColumn(name, type, member, column.Annotations);
    }

    private static string Shape(bool isVector) => isVector ? "vector" : "scalar";
}
