namespace TorchSharp;

/// <summary>Marks a field whose tensor a property registers, under the property's name.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class RegisteredAttribute : Attribute;
